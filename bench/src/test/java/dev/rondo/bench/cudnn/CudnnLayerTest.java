package dev.rondo.bench.cudnn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Precision;
import dev.rondo.Purpose;
import dev.rondo.RnnSpec;
import dev.rondo.bench.EmulatedJvm;
import dev.rondo.bench.check.Workspace;
import dev.rondo.bench.cudnn.CudnnLayer.Algorithm;
import dev.rondo.cuda.CudaMemory;
import dev.rondo.cuda.CudaStream;
import dev.rondo.train.Initializers;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Layers of cuDNN beside Rondo's, with the emulator's stand-in for cuDNN, in a JVM of their own. */
class CudnnLayerTest {
    @TempDir
    private Path folder;

    @BeforeEach
    void requireTheEmulator() {
        EmulatedJvm.require();
    }

    private EmulatedJvm.Outcome run(Class<?> main) throws Exception {
        EmulatedJvm.Outcome outcome = new EmulatedJvm(folder.resolve("output"))
                .libraries(EmulatedJvm.emulator())
                .run(main);
        assertEquals(0, outcome.status(), outcome.text());
        return outcome;
    }

    @Test
    void everyCellAgreesWithRondoByEveryAlgorithmInEveryPrecision() throws Exception {
        String text = run(Compare.class).text();
        List<String> lines =
                text.lines().filter(line -> line.startsWith("layer ")).toList();
        assertEquals(2 * (4 + 3 + 3) * Algorithm.values().length, lines.size(), text);
        for (String line : lines) {
            boolean refused = line.contains(Algorithm.PERSIST_STATIC + " ") && line.contains("H7");
            assertTrue(line.contains(refused ? ": not supported" : ": agrees"), line);
        }
    }

    @Test
    void aLayerWithoutBiasesAgrees() throws Exception {
        String text = run(WithoutBiases.class).text();
        assertEquals(4, text.lines().filter(line -> line.contains(": agrees")).count(), text);
    }

    @Test
    void whatCudnnDoesNotHaveIsAResultOfItsOwn() throws Exception {
        String text = run(Refused.class).text();
        assertTrue(text.contains("true: cuDNN has no counterpart of cell GRU_RESET_BEFORE\n"), text);
        assertTrue(text.contains("true: cuDNN has no counterpart of TF32X3\n"), text);
        assertTrue(
                text.contains("true: cudnnGetRNNTempSpaceSizes for LSTM training T5 N3 I4 H7 by PERSIST_STATIC in FP32:"
                        + " CUDNN_STATUS_NOT_SUPPORTED (3000)\n"),
                text);
    }

    @Test
    void nothingStaysInTheMemoryOfTheDevice() throws Exception {
        String text = run(OpenAndClose.class).text();
        assertTrue(text.contains("left 0\n"), text);
    }

    @Test
    void gradientsBeginWhereTheyWereClearedAndPassesAreTimed() throws Exception {
        String text = run(Twice.class).text();
        assertTrue(text.contains("same gradients true\n"), text);
        assertTrue(text.contains("timed true\n"), text);
    }

    private static CudnnComparison compare(
            Backend cuda, Backend rondo, RnnSpec spec, Algorithm how, Precision precision) {
        int steps = spec.hiddenSize() == 7 ? 5 : 6;
        return CudnnComparison.of(cuda, rondo, spec, steps, spec.hiddenSize() == 7 ? 3 : 2, how, precision);
    }

    private static void say(Backend cuda, Backend rondo, RnnSpec spec, Algorithm how, Precision precision) {
        String result;
        try {
            CudnnComparison worst = compare(cuda, rondo, spec, how, precision);
            result = worst.agrees() ? "agrees, " + worst : worst.toString();
        } catch (CudnnException e) {
            result = e.isNotSupported() ? "not supported" : e.toString();
        }
        System.out.println(
                "layer " + spec.cell() + " H" + spec.hiddenSize() + " " + how + " " + precision + ": " + result);
    }

    /** Compares everything. */
    static final class Compare {
        private Compare() {}

        public static void main(String[] args) {
            try (Backend cuda = Backend.named("cuda");
                    Backend reference = Backend.named("reference")) {
                for (RnnSpec sizes : List.of(RnnSpec.of(Cell.LSTM, 4, 7), RnnSpec.of(Cell.LSTM, 32, 32))) {
                    for (Cell cell : List.of(Cell.RNN_TANH, Cell.RNN_RELU, Cell.LSTM, Cell.GRU)) {
                        RnnSpec spec = RnnSpec.of(cell, sizes.inputSize(), sizes.hiddenSize());
                        for (Algorithm how : Algorithm.values()) {
                            say(cuda, cuda, spec, how, Precision.FP32);
                            if (cell != Cell.RNN_RELU) {
                                say(cuda, reference, spec, how, Precision.TF32);
                                say(cuda, reference, spec, how, Precision.BF16);
                            }
                        }
                    }
                }
            }
        }
    }

    /** Compares layers without biases. */
    static final class WithoutBiases {
        private WithoutBiases() {}

        public static void main(String[] args) {
            try (Backend cuda = Backend.named("cuda")) {
                for (Cell cell : List.of(Cell.RNN_TANH, Cell.RNN_RELU, Cell.LSTM, Cell.GRU)) {
                    say(cuda, cuda, RnnSpec.of(cell, 4, 7).withBias(false), Algorithm.STANDARD, Precision.FP32);
                }
            }
        }
    }

    /** Says how layers are refused. */
    static final class Refused {
        private Refused() {}

        public static void main(String[] args) {
            try (Backend cuda = Backend.named("cuda")) {
                refuse(cuda, Cell.GRU_RESET_BEFORE, Algorithm.STANDARD, Precision.FP32);
                refuse(cuda, Cell.LSTM, Algorithm.STANDARD, Precision.TF32X3);
                refuse(cuda, Cell.LSTM, Algorithm.PERSIST_STATIC, Precision.FP32);
            }
        }

        private static void refuse(Backend cuda, Cell cell, Algorithm how, Precision precision) {
            RnnSpec spec = RnnSpec.of(cell, 4, 7);
            try (CudnnLayer layer = new CudnnLayer(cuda, spec, 5, 3, Purpose.TRAINING, how, precision)) {
                System.out.println("not refused: " + layer);
            } catch (CudnnException e) {
                System.out.println(e.isNotSupported() + ": " + e.getMessage());
            }
        }
    }

    /** Makes layers and closes them, also some that cannot be made. */
    static final class OpenAndClose {
        private OpenAndClose() {}

        public static void main(String[] args) {
            try (Backend cuda = Backend.named("cuda")) {
                long before = CudaMemory.liveBytes(cuda);
                RnnSpec spec = RnnSpec.of(Cell.GRU, 4, 7);
                for (int k = 0; k < 100; k++) {
                    Algorithm how = k % 3 == 0 ? Algorithm.PERSIST_STATIC : Algorithm.STANDARD;
                    try (CudnnLayer layer = new CudnnLayer(cuda, spec, 5, 3, Purpose.TRAINING, how, Precision.FP32)) {
                        layer.forward();
                    } catch (CudnnException e) {
                        if (!e.isNotSupported() || how == Algorithm.STANDARD) {
                            throw e;
                        }
                    }
                }
                System.out.println("left " + (CudaMemory.liveBytes(cuda) - before));
            }
        }
    }

    /** Runs the same passes again, between events. */
    static final class Twice {
        private Twice() {}

        public static void main(String[] args) {
            RnnSpec spec = RnnSpec.of(Cell.LSTM, 4, 7);
            try (Backend cuda = Backend.named("cuda");
                    Workspace workspace = new Workspace(cuda);
                    CudnnLayer layer =
                            new CudnnLayer(cuda, spec, 5, 3, Purpose.TRAINING, Algorithm.STANDARD, Precision.FP32)) {
                Random random = new Random(1);
                var weights = workspace.own(cuda.parameters(spec));
                Initializers.uniform(weights, random);
                layer.weights(weights);
                layer.x(workspace.own(cuda.tensor(5, 3, 4)).fill(0.5));
                layer.dy(workspace.own(cuda.tensor(5, 3, 7)).fill(1));
                var first = workspace.own(cuda.parameters(spec));
                var second = workspace.own(cuda.parameters(spec));
                layer.clearGradients();
                layer.forward();
                layer.backward();
                layer.gradients(first);
                layer.clearGradients();
                double seconds = CudaStream.of(cuda).seconds(() -> {
                    layer.forward();
                    layer.backward();
                });
                layer.gradients(second);
                boolean some = false;
                for (double value : first.flat().toDoubles()) {
                    some |= value != 0;
                }
                boolean same =
                        Arrays.equals(first.flat().toDoubles(), second.flat().toDoubles());
                System.out.println("same gradients " + (some && same));
                System.out.println("timed " + (seconds > 0));
            }
        }
    }
}
