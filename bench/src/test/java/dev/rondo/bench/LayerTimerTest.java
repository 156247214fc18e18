package dev.rondo.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.BackendException;
import dev.rondo.Cell;
import dev.rondo.Mode;
import dev.rondo.bench.BenchCase.Shape;
import dev.rondo.bench.BenchCase.Suite;
import dev.rondo.bench.BenchResult.Timed;
import dev.rondo.bench.FaultyProvider.Fault;
import dev.rondo.bench.LayerTimer.Effort;
import java.io.IOException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class LayerTimerTest {
    private static final Shape TINY = new Shape(1, 2, 3, 4);

    @ParameterizedTest
    @EnumSource(Mode.class)
    void measuresAsLongAsItShall(Mode mode) {
        try (Backend backend = Backend.named("reference");
                LayerTimer timer = new LayerTimer(new BenchCase(Cell.GRU, mode, TINY), backend)) {
            long start = System.nanoTime();
            Timed timed = timer.measure(new Effort(0.05, 0.02, 7, 0.001));
            double seconds = 1e-9 * (System.nanoTime() - start);
            assertTrue(seconds >= 0.07, seconds + " s");
            assertTrue(timed.batches() >= 7, timed.batches() + " batches");
            assertTrue(timed.calls() >= 2, timed.calls() + " calls of a few microseconds in a batch of 1 ms");
            assertTrue(timed.min() > 0 && timed.min() <= timed.median(), timed.toString());
            assertTrue(timed.min() * timed.batches() * timed.calls() <= seconds, timed.toString());
        }
    }

    @Test
    void aResultThatIsNotFiniteIsNotTimed() throws IOException {
        FaultyProvider.with(Fault.NAN, () -> {
            try (Backend backend = Backend.named(FaultyProvider.NAME);
                    LayerTimer timer = new LayerTimer(new BenchCase(Cell.GRU, Mode.INFERENCE, TINY), backend)) {
                Exception error = assertThrows(BackendException.class, () -> timer.measure(Effort.QUICK));
                assertEquals("the result is not a finite number: NaN", error.getMessage());
            }
        });
    }

    /** Pairs of a time and a rate that were computed by hand. */
    @Test
    void rates() {
        Shape shape = Shape.parse("32,35,28,256");
        Timed inference = new Timed(new BenchCase(Cell.LSTM, Mode.INFERENCE, shape), 2.721e-3, 2.679e-3, 5, 1);
        assertEquals(239, inference.gigaflops(), 0.5);
        assertEquals(77.74, inference.microsecondsPerStep(), 0.01);
        assertEquals(411_613, inference.tokensPerSecond(), 1);
        Timed training = new Timed(new BenchCase(Cell.LSTM, Mode.TRAINING, shape), 9.608e-3, 9.608e-3, 5, 1);
        assertEquals(203, training.gigaflops(), 0.5);
        Timed gru = new Timed(new BenchCase(Cell.GRU, Mode.INFERENCE, shape), 2.477e-3, 2.392e-3, 5, 1);
        assertEquals(197, gru.gigaflops(), 0.5);
    }

    @Test
    void suites() {
        assertEquals(9, Suite.CPU.shapes().size());
        assertTrue(Suite.CPU.shapes().contains(new Shape(32, 35, 28, 256)));
        // 7 shapes and a grid of 24, which has 1,100,512,512 too
        assertEquals(30, Suite.GPU.shapes().size());
        assertTrue(Suite.GPU.shapes().contains(new Shape(16, 1024, 768, 768)));
        assertTrue(Suite.GPU.shapes().contains(new Shape(128, 100, 2048, 2048)));
        assertEquals(120, BenchCase.of(Suite.GPU.shapes()).size());
    }

    @ParameterizedTest
    @CsvSource({"0.000123456, 0.0001235", "0.5, 0.5", "1, 1", "12.3456, 12.35", "999.96, 1000", "123456, 123500"})
    void fourDigits(double number, String text) {
        assertEquals(text, BenchReport.digits(number));
    }
}
