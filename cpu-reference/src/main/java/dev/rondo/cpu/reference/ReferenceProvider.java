package dev.rondo.cpu.reference;

import dev.rondo.BackendOptions;
import dev.rondo.spi.BackendKernels;
import dev.rondo.spi.BackendProvider;
import java.util.Optional;

/** Announces the oracle as backend {@code reference}. It can be used everywhere. */
public final class ReferenceProvider implements BackendProvider {
    /** For {@link java.util.ServiceLoader}. */
    public ReferenceProvider() {}

    @Override
    public String name() {
        return "reference";
    }

    @Override
    public int priority() {
        return 100;
    }

    @Override
    public Optional<String> unavailable() {
        return Optional.empty();
    }

    @Override
    public BackendKernels open(BackendOptions options) {
        return new ReferenceKernels();
    }
}
