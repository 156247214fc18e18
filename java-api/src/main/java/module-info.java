/** Recurrent networks: the public API, and the contract of a backend. */
@SuppressWarnings("module") // the modules that see the internals are not here when this one is compiled
module dev.rondo {
    requires static transitive org.jspecify;

    exports dev.rondo;
    exports dev.rondo.io;
    exports dev.rondo.layout;
    exports dev.rondo.spi;
    exports dev.rondo.train;
    exports dev.rondo.internal to
            dev.rondo.contract,
            dev.rondo.cpu,
            dev.rondo.cuda,
            dev.rondo.model;

    uses dev.rondo.spi.BackendProvider;
}
