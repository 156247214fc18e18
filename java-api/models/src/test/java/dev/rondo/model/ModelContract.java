package dev.rondo.model;

import dev.rondo.Backend;
import dev.rondo.RnnSpec;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;

/** What models must do on every backend, which runs each subclass of this package by saying how it is opened. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
public abstract class ModelContract {
    private static final String[] WORDS = {"the", "cat", "and", "a", "dog", "sat", "on", "mat", "under", "house"};

    private Backend backend;

    /**
     * The backend under test.
     *
     * @return a new one
     */
    protected abstract Backend open();

    @BeforeAll
    final void openBackend() {
        backend = open();
    }

    @AfterAll
    final void closeBackend() {
        if (backend != null) { // else open() has skipped the tests
            backend.close();
        }
    }

    /** Whether the backend computes in float64. */
    final boolean isDouble() {
        return backend.tensor(1).storage().isDouble();
    }

    final Backend backend() {
        return backend;
    }

    /** Skips the test, with the reason, where the backend does not have a network. */
    final void assumeSupported(RnnSpec spec) {
        Optional<String> missing = backend.unsupported(spec);
        Assumptions.assumeTrue(missing.isEmpty(), () -> missing.orElse(""));
    }

    /** Words in random order, so many characters of them. */
    static String prose(int length) {
        Random random = new Random(11);
        StringBuilder text = new StringBuilder();
        while (text.length() < length) {
            text.append(WORDS[random.nextInt(WORDS.length)]).append(random.nextInt(8) == 0 ? ".\n" : " ");
        }
        return text.substring(0, length);
    }
}
