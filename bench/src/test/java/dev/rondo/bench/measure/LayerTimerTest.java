package dev.rondo.bench.measure;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.BackendException;
import dev.rondo.Cell;
import dev.rondo.Precision;
import dev.rondo.Purpose;
import dev.rondo.bench.FaultyProvider;
import dev.rondo.bench.FaultyProvider.Fault;
import dev.rondo.bench.measure.BenchCase.Shape;
import dev.rondo.bench.measure.BenchCase.Suite;
import dev.rondo.bench.measure.BenchResult.Rival;
import dev.rondo.bench.measure.BenchResult.Timed;
import dev.rondo.bench.measure.CallTimer.Effort;
import dev.rondo.bench.measure.CallTimer.Times;
import dev.rondo.cuda.CudaProbe.Device;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class LayerTimerTest {
    private static final Shape TINY = new Shape(1, 2, 3, 4);

    @ParameterizedTest
    @EnumSource(Purpose.class)
    void measuresAsLongAsItShall(Purpose purpose) {
        try (Backend backend = Backend.named("reference");
                LayerTimer timer = new LayerTimer(new BenchCase(Cell.GRU, purpose, TINY), backend)) {
            long start = System.nanoTime();
            Times timed = timer.measure(new Effort(0.05, 0.1, 0.02, 7, 0.05));
            double seconds = 1e-9 * (System.nanoTime() - start);
            assertTrue(seconds >= 0.07, seconds + " s");
            assertTrue(timed.batches() >= 7, timed.batches() + " batches");
            assertTrue(timed.calls() >= 2, timed.calls() + " calls of a few microseconds in a batch of 50 ms");
            assertTrue(timed.min() > 0 && timed.min() <= timed.median(), timed.toString());
            assertTrue(timed.min() * timed.batches() * timed.calls() <= seconds, timed.toString());
        }
    }

    @Test
    void aResultThatIsNotFiniteIsNotTimed() throws IOException {
        FaultyProvider.with(Fault.NAN, () -> {
            try (Backend backend = Backend.named(FaultyProvider.NAME);
                    LayerTimer timer = new LayerTimer(new BenchCase(Cell.GRU, Purpose.INFERENCE, TINY), backend)) {
                Exception error = assertThrows(BackendException.class, () -> timer.measure(Effort.QUICK));
                assertEquals("the result is not a finite number: NaN", error.getMessage());
            }
        });
    }

    /** Pairs of a time and a rate that were computed by hand. */
    @Test
    void rates() {
        Shape shape = Shape.parse("32,35,28,256");
        Timed inference = timed(new BenchCase(Cell.LSTM, Purpose.INFERENCE, shape), 2.721e-3);
        assertEquals(239, inference.gigaflops(), 0.5);
        assertEquals(77.74, inference.microsecondsPerStep(), 0.01);
        assertEquals(411_613, inference.tokensPerSecond(), 1);
        Timed training = timed(new BenchCase(Cell.LSTM, Purpose.TRAINING, shape), 9.608e-3);
        assertEquals(203, training.gigaflops(), 0.5);
        Timed gru = timed(new BenchCase(Cell.GRU, Purpose.INFERENCE, shape), 2.477e-3);
        assertEquals(197, gru.gigaflops(), 0.5);
    }

    private static Timed timed(BenchCase what, double median) {
        return new Timed(
                what,
                new Times(median, median, 5, 1, OptionalDouble.empty(), true),
                "",
                OptionalDouble.empty(),
                List.of());
    }

    /** The figures of a device, computed by hand. */
    @Test
    void floorsAndRivals() {
        Device h200 = new Device("H200", 90, 132, 1980, 1L << 37, false);
        BenchCase small = new BenchCase(Cell.LSTM, Purpose.INFERENCE, Shape.parse("32,35,28,256"));
        // 0.651 GFLOP at 66.9 TFLOP/s, and 35 steps of half a microsecond
        assertEquals(27.2e-6, new Floor(h200, Precision.FP32).of(small), 0.1e-6);
        BenchCase tiny = new BenchCase(Cell.GRU, Purpose.TRAINING, Shape.parse("1,100,64,64"));
        // next to nothing, and twice 100 steps of a quarter
        assertEquals(50.2e-6, new Floor(h200, Precision.FP32).of(tiny), 0.1e-6);
        BenchCase large = new BenchCase(Cell.LSTM, Purpose.INFERENCE, Shape.parse("64,100,1024,1024"));
        assertEquals(1654e-6, new Floor(h200, Precision.FP32).of(large), 5e-6);
        assertEquals(250.6e-6, new Floor(h200, Precision.TF32).of(large), 1e-6);
        assertEquals(150.3e-6, new Floor(h200, Precision.BF16).of(large), 1e-6);

        Timed timed = new Timed(
                small,
                new Times(54.4e-6, 50e-6, 5, 100, OptionalDouble.of(9e-6), true),
                "cluster:8x4",
                OptionalDouble.of(27.2e-6),
                List.of(
                        new Rival("slow", OptionalDouble.of(90e-6), "", false),
                        new Rival("fast", OptionalDouble.of(68e-6), "", false),
                        new Rival("none", OptionalDouble.empty(), "not supported", false)));
        assertEquals(0.5, timed.shareOfFloor().orElseThrow(), 1e-9);
        assertEquals("fast", timed.bestRival().orElseThrow().name());
        assertEquals(1.25, timed.bestRivalOverThis().orElseThrow(), 1e-9);
        BenchReport report = new BenchReport(Map.of(), false, true, List.of(timed));
        assertTrue(report.row(timed).matches(".* 0.05440 .* 9 +0.5 +0.06800 +1.25 +fast"), report.row(timed));
        assertEquals(report.names().size(), report.figures(timed).size());
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
