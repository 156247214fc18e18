package dev.rondo;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rondo.contract.Refusal;
import java.util.List;
import org.junit.jupiter.api.Test;

/** What there is to say where no backend is on the class path, as in this module. */
class BackendTest {
    @Test
    void noBackendOnTheClassPath() {
        assertEquals(List.of(), Backend.available());
        Refusal.check(BackendException.class, Backend::best, "no backend was found: add rondo-cpu", "rondo-cpu");
        Refusal.check(BackendException.class, () -> Backend.named("cpu"), "expected one of []", "got cpu");
    }

    @Test
    void settingsAreKept() {
        assertEquals(Precision.FP32, BackendOptions.defaults().precision());
        BackendOptions options = BackendOptions.defaults()
                .withThreads(3)
                .withPrecision(Precision.BF16)
                .withThreads(2);
        assertEquals(2, options.threads());
        assertEquals(Precision.BF16, options.precision());
        assertEquals(3, options.withThreads(3).withPrecision(Precision.TF32).threads());
    }

    @Test
    void threadsOutOfRangeAreRefused() {
        assertEquals(0, BackendOptions.defaults().threads());
        assertEquals(4096, BackendOptions.defaults().withThreads(4096).threads());
        Refusal.illegalArgument(() -> BackendOptions.defaults().withThreads(-1), "threads: expected 0 to 4096, got -1");
        Refusal.illegalArgument(
                () -> BackendOptions.defaults().withThreads(4097), "threads: expected 0 to 4096, got 4097");
    }
}
