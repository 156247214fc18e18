/** The CUDA backend. */
module dev.rondo.cuda {
    requires transitive dev.rondo;
    requires jcublas;
    requires transitive jcuda; // CudaStream hands out its stream

    exports dev.rondo.cuda;

    provides dev.rondo.spi.BackendProvider with
            dev.rondo.cuda.CudaProvider;
}
