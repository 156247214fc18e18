package dev.rondo.cpu;

/** The contracts with the Vector API; the build runs them with the preferred vector width and with forced ones. */
class CpuVectorTest extends CpuContracts {
    CpuVectorTest() {
        super("vector", 2);
    }
}
