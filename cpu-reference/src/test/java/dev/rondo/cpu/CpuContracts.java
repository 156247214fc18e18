package dev.rondo.cpu;

import dev.rondo.Backend;
import dev.rondo.BackendOptions;
import dev.rondo.contract.BackendContracts;
import dev.rondo.contract.CallersContract;
import dev.rondo.contract.SumsContract;
import dev.rondo.contract.ThreadsContract;
import dev.rondo.model.ModelContracts;
import org.junit.jupiter.api.Nested;

/** All contracts on backend {@code cpu}, with inner loops that a subclass chooses. */
abstract class CpuContracts extends BackendContracts {
    private final String loops;
    private final int threads;

    CpuContracts(String loops, int threads) {
        this.loops = loops;
        this.threads = threads;
    }

    private static Backend open(String loops, BackendOptions options) {
        System.setProperty(LoopsChoice.PROPERTY, loops);
        try {
            Backend backend = Backend.named("cpu", options);
            // Not the plain loops that the vector loops begin with.
            backend.warmUp();
            return backend;
        } finally {
            System.clearProperty(LoopsChoice.PROPERTY);
        }
    }

    private static Backend together(String loops, int threads) {
        System.setProperty(LoopsChoice.PROPERTY, loops);
        try {
            return TogetherProvider.open(threads);
        } finally {
            System.clearProperty(LoopsChoice.PROPERTY);
        }
    }

    static Backend open(String loops, int threads) {
        return open(loops, BackendOptions.defaults().withThreads(threads));
    }

    @Override
    protected Backend open(BackendOptions options) {
        return open(loops, options.withThreads(threads));
    }

    /** All threads take part, whatever the machine. */
    @Nested
    class Threads extends ThreadsContract {
        @Override
        protected Backend open(int threads) {
            return together(loops, threads);
        }
    }

    @Nested
    class CallersOfAllThreads extends CallersContract {
        @Override
        protected Backend open() {
            return together(loops, 3);
        }
    }

    @Nested
    class Sums extends SumsContract {
        @Override
        protected Backend open() {
            return CpuContracts.open(loops, threads);
        }
    }

    @Nested
    class Models extends ModelContracts {
        @Override
        protected Backend open() {
            return CpuContracts.open(loops, threads);
        }
    }
}
