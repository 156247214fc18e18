package dev.rondo.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.BackendException;
import dev.rondo.Cell;
import dev.rondo.Precision;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.train.Initializers;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.ToDoubleFunction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** How a form of the recurrence is chosen. */
@SuppressWarnings("try") // a property that is set as long as a block runs
class PlansTest {
    private static int devices;

    @TempDir
    private Path folder;

    /** Plans that measure, of a device whose name was not there before: verdicts hold for the process. */
    private static Plans measuring(Backend backend) {
        CudaKernels kernels = TestDevice.kernels(backend);
        devices++;
        CudaProbe.Device device = CudaProbe.probe().device();
        DeviceLimits limits = DeviceLimits.of(kernels.context().device(), device);
        DeviceLimits renamed = new DeviceLimits(
                "test device " + devices,
                limits.capability(),
                limits.multiprocessors(),
                limits.sharedBytes(),
                limits.cooperative(),
                false);
        return new Plans(renamed, kernels.launcher(), Precision.FP32);
    }

    /** The name of the form that is chosen for H = 64, N = 8. */
    private static String choose(
            Backend backend, Plans plans, Cell cell, boolean forward, ToDoubleFunction<Recurrence> time) {
        return CudaStream.of(backend)
                .with(() -> plans.choose(new Plans.Shape(cell, forward, 64, 8, 100), time)
                        .name());
    }

    private static double notAgain(Recurrence form) {
        throw new AssertionError("measured: " + form.name());
    }

    @Test
    void theFastestFormIsTakenAndMeasuredOnce() {
        try (Backend backend = TestDevice.open()) {
            Plans plans = measuring(backend);
            List<String> forms = new ArrayList<>();
            String taken = choose(backend, plans, Cell.LSTM, true, form -> {
                forms.add(form.name());
                return form.name().startsWith("cluster:1x") ? 3 : 5;
            });
            assertTrue(taken.startsWith("cluster:1x"), taken);
            assertEquals("step", forms.get(0));
            assertTrue(forms.stream().anyMatch(name -> name.startsWith("grid:")), forms.toString());
            assertTrue(forms.stream().anyMatch(name -> name.startsWith("cluster:1x")), forms.toString());
            assertEquals(taken, choose(backend, plans, Cell.LSTM, true, PlansTest::notAgain));
        }
    }

    @Test
    void aFormThatTheDriverRefusesIsNotTaken() {
        try (Backend backend = TestDevice.open()) {
            String taken = choose(backend, measuring(backend), Cell.GRU, false, form -> {
                if (!form.name().equals("step")) {
                    throw Status.exception(1, "cuLaunchKernel");
                }
                return 1000;
            });
            assertEquals("step", taken);
        }
    }

    @Test
    void theFileKeepsVerdictsForLaterProcesses() throws IOException {
        Path file = folder.resolve("plans.txt");
        try (SystemProperty property = SystemProperty.set(Plans.FILE_PROPERTY, file.toString());
                Backend backend = TestDevice.open()) {
            choose(
                    backend,
                    measuring(backend),
                    Cell.LSTM,
                    true,
                    form -> form.name().startsWith("grid:") ? 1.5 : 2);
            List<String> lines = Files.readAllLines(file);
            assertEquals(2, lines.size());
            assertTrue(lines.get(0).startsWith("# step 2.00 us, cluster:1x"), lines.get(0));
            String verdict = lines.get(1);
            assertTrue(
                    verdict.matches("test device \\d+\\|LSTM\\|forward\\|H 64\\|N 8\\|T 32\\|grid:\\d+x\\d+\\|.* us"),
                    verdict);
            // As another process with the next device would have left it there.
            Files.writeString(file, "# a comment\n" + verdict.replaceFirst("\\d+\\|", devices + 1 + "|") + "\n");
            String form = choose(backend, measuring(backend), Cell.LSTM, true, PlansTest::notAgain);
            assertEquals(verdict.split("\\|")[6], form);
            Files.writeString(file, "nonsense");
            String message = assertThrows(BackendException.class, () -> measuring(backend))
                    .getMessage();
            assertTrue(message.startsWith("rondo.cuda.plans: expected lines") && message.contains("nonsense"), message);
        }
    }

    /** The whole of it: networks that measure before their first pass compute what others compute. */
    @Test
    void measuringLeavesNoTraceInTheResult() throws IOException {
        Path file = folder.resolve("plans.txt");
        for (Cell cell : new Cell[] {Cell.LSTM, Cell.GRU, Cell.RNN_TANH}) {
            RnnSpec spec = RnnSpec.of(cell, 3, 20).withLayers(2);
            float[] expected;
            try (Backend backend = TestDevice.open()) {
                expected = train(backend, spec);
            }
            try (SystemProperty plans = SystemProperty.set(Plans.FILE_PROPERTY, file.toString());
                    SystemProperty plan = SystemProperty.set(Plans.PROPERTY, "measure");
                    Backend backend = TestDevice.open()) {
                assertTrue(backend.description().endsWith("form by measurement"), backend.description());
                float[] actual = train(backend, spec);
                for (int k = 0; k < expected.length; k++) {
                    double difference = Math.abs(actual[k] - expected[k]);
                    assertTrue(difference <= 5e-5, cell + ": element " + k + " differs by " + difference);
                }
                for (String pass : new String[] {"forward", "backward"}) {
                    assertTrue(
                            Files.readString(file).contains("|" + cell + "|" + pass + "|H 20|N 5|T 4|"),
                            cell + " " + pass + " is not in the file");
                }
            }
        }
    }

    private static float[] train(Backend backend, RnnSpec spec) {
        int steps = 4;
        int batch = 5;
        Random random = new Random(7);
        RnnParameters weights = backend.parameters(spec);
        RnnParameters gradients = backend.parameters(spec);
        Tensor x = backend.tensor(steps, batch, spec.inputSize());
        Tensor y = backend.tensor(steps, batch, spec.hiddenSize());
        Tensor dy = backend.tensor(steps, batch, spec.hiddenSize());
        Initializers.uniform(weights, random);
        Initializers.uniform(x, 1, random);
        Initializers.uniform(dy, 0.1f, random);
        try (Rnn rnn = backend.rnn(spec, steps, batch, Purpose.TRAINING)) {
            rnn.call(weights, x).y(y).train().backward(dy, gradients);
        }
        return gradients.flat().toFloats();
    }
}
