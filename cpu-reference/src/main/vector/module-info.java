/** The CPU backend and the oracle. */
module dev.rondo.cpu {
    requires transitive dev.rondo;
    // an incubating one: where it is not there, or not switched on, the plain loops compute
    requires static jdk.incubator.vector;

    exports dev.rondo.cpu;
    exports dev.rondo.cpu.reference;

    provides dev.rondo.spi.BackendProvider with
            dev.rondo.cpu.CpuProvider,
            dev.rondo.cpu.reference.ReferenceProvider;
}
