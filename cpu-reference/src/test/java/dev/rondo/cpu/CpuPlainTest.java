package dev.rondo.cpu;

/** The contracts with plain loops. */
class CpuPlainTest extends CpuContracts {
    CpuPlainTest() {
        super("plain", 3);
    }
}
