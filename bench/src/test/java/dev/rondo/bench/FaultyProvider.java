package dev.rondo.bench;

import dev.rondo.BackendOptions;
import dev.rondo.cpu.reference.ReferenceProvider;
import dev.rondo.spi.BackendKernels;
import dev.rondo.spi.BackendProvider;
import java.io.IOException;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Backend {@code faulty}: the oracle with a fault. It can be used only where a test has chosen one. */
public final class FaultyProvider implements BackendProvider {
    public static final String NAME = "faulty";
    public static final String REASON = "no test has chosen a fault";

    private static volatile @Nullable Fault chosen;

    /** What is wrong. */
    public enum Fault {
        /** Nothing, but the device is an emulator. */
        EMULATED,
        /** The first element of the gradient of the initial state is off by 1e-3. */
        OFF,
        /** The last element of the output is NaN. */
        NAN,
        /** Every second forward pass gives an output that is off by 1e-12. */
        RESTLESS,
        /** The backward pass throws. */
        THROWING,
        /** There is not enough memory for a network of 1000 units or more. */
        NARROW,
        /** There is no cell {@code RNN_RELU}, and the backend says so. */
        WITHOUT_RELU
    }

    /** What a test does with the faulty backend. */
    @FunctionalInterface
    public interface Action {
        void run() throws IOException;
    }

    /** Lets the backend be used, with a fault, for the time of an action. */
    public static void with(Fault fault, Action action) throws IOException {
        chosen = fault;
        try {
            action.run();
        } finally {
            chosen = null;
        }
    }

    /** For {@link java.util.ServiceLoader}. */
    public FaultyProvider() {}

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public int priority() {
        return 1;
    }

    @Override
    public Optional<String> unavailable() {
        return chosen == null ? Optional.of(REASON) : Optional.empty();
    }

    @Override
    public BackendKernels open(BackendOptions options) {
        Fault fault = chosen;
        if (fault == null) {
            throw new IllegalStateException(REASON);
        }
        return new FaultyKernels(new ReferenceProvider().open(options), fault);
    }
}
