package dev.rondo.cpu;

import dev.rondo.BackendOptions;
import dev.rondo.spi.BackendKernels;
import dev.rondo.spi.BackendProvider;
import java.util.Optional;

/** Announces the fast CPU backend as {@code cpu}. It can be used everywhere. */
public final class CpuProvider implements BackendProvider {
    /** For {@link java.util.ServiceLoader}. */
    public CpuProvider() {}

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public int priority() {
        return 200;
    }

    @Override
    public Optional<String> unavailable() {
        return Optional.empty();
    }

    @Override
    public BackendKernels open(BackendOptions options) {
        int threads =
                options.threads() > 0 ? options.threads() : Runtime.getRuntime().availableProcessors();
        return new CpuKernels(threads);
    }
}
