package dev.rondo.cpu;

import dev.rondo.Backend;
import dev.rondo.BackendOptions;
import dev.rondo.spi.BackendKernels;
import dev.rondo.spi.BackendProvider;
import java.util.Optional;

/** Backend {@code cpu}, where all threads take part in every task, however small, and however few processors there are. */
final class TogetherProvider implements BackendProvider {
    static Backend open(int threads) {
        return Backend.of(new TogetherProvider(), BackendOptions.defaults().withThreads(threads));
    }

    @Override
    public String name() {
        return "cpu";
    }

    @Override
    public int priority() {
        return -1;
    }

    @Override
    public Optional<String> unavailable() {
        return Optional.empty();
    }

    @Override
    public BackendKernels open(BackendOptions options) {
        return new CpuKernels(new Workers(options.threads(), true));
    }
}
