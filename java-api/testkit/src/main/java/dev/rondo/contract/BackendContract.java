package dev.rondo.contract;

import dev.rondo.Backend;
import dev.rondo.RnnSpec;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

/**
 * What every backend must do. The subclasses of this package hold the tests; a backend runs them by subclassing each
 * one and saying how it is opened. Where a backend computes in double the tolerances are tight, else they are those of
 * float32, see {@link Tolerance}.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class BackendContract {
    /** For subclasses. */
    protected BackendContract() {}

    private Backend backend;
    private boolean isDouble;
    private Tolerance forward;
    private Tolerance backward;
    private Tolerance differences;

    /**
     * The backend under test.
     *
     * @return a new one
     */
    protected abstract Backend open();

    @BeforeAll
    final void openBackend() {
        backend = open();
        isDouble = backend.tensor(1).storage().isDouble();
        forward = Tolerance.forward(isDouble);
        backward = Tolerance.backward(isDouble);
        differences = Tolerance.differences(isDouble);
    }

    @AfterAll
    final void closeBackend() {
        if (backend == null) {
            return; // open() has skipped the tests
        }
        for (Tolerance tolerance : List.of(forward, backward, differences)) {
            if (tolerance.isUsed()) {
                report(tolerance);
            }
        }
        backend.close();
    }

    final void report(Object what) {
        System.out.println(getClass().getSimpleName() + " on " + backend.name() + ": " + what);
    }

    final Backend backend() {
        return backend;
    }

    /** Skips the test, with the reason, where the backend does not have a network. */
    final void assumeSupported(RnnSpec spec) {
        RnnCase.assumeSupported(backend, spec);
    }

    /** Whether the backend computes in float64. */
    final boolean isDouble() {
        return isDouble;
    }

    /** Of results of forward passes. */
    final Tolerance forward() {
        return forward;
    }

    /** Of gradients. */
    final Tolerance backward() {
        return backward;
    }

    /** Of gradients against central differences. */
    final Tolerance differences() {
        return differences;
    }
}
