package dev.rondo.cuda;

import dev.rondo.BackendException;
import dev.rondo.BackendOptions;
import dev.rondo.spi.BackendKernels;
import dev.rondo.spi.BackendProvider;
import java.util.Optional;

/** Announces the backend {@code cuda}: a CUDA device, through JCuda's driver API. */
public final class CudaProvider implements BackendProvider {
    /** For {@link java.util.ServiceLoader}. */
    public CudaProvider() {}

    @Override
    public String name() {
        return "cuda";
    }

    /**
     * Above the CPU backends, except for the emulator of the tests: it is used only where it is asked for by name.
     *
     * @return 300, or -1 where tests have allowed the emulator
     */
    @Override
    public int priority() {
        return CudaProbe.isEmulatorAllowed() ? -1 : 300;
    }

    @Override
    public Optional<String> unavailable() {
        return CudaProbe.any().unavailable();
    }

    @Override
    public BackendKernels open(BackendOptions options) {
        CudaProbe probe = CudaProbe.probe(options.device());
        CudaProbe.Device device = probe.device();
        if (!probe.isUsable() || device == null) {
            throw new BackendException("backend cuda cannot be used here: " + probe.detail());
        }
        return new CudaKernels(device, options);
    }
}
