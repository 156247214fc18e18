package dev.rondo.cuda;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Direction;
import dev.rondo.ForwardCall;
import dev.rondo.Input;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.FieldSource;

/** The condition of a network with the same numbers here and in the oracle, again and again through the same calls. */
@SuppressWarnings("try") // a property that is set as long as a block runs
class ConditionTest {
    private static final int STEPS = 4;
    private static final int BATCH = 5;
    private static final double TOLERANCE = 2e-5;

    private static float[] floats(Random random, int count) {
        float[] values = new float[count];
        for (int i = 0; i < count; i++) {
            values[i] = random.nextFloat() - 0.5f;
        }
        return values;
    }

    private static Tensor random(Backend backend, Random random, int... shape) {
        Tensor tensor = backend.tensor(shape);
        return tensor.set(floats(random, tensor.size()));
    }

    /** Training and inference, three times each with another condition through the same call, then without. */
    private static List<double[]> run(Backend backend, RnnSpec spec, boolean isIndices, int @Nullable [] lengths) {
        Random random = new Random(3);
        List<double[]> results = new ArrayList<>();
        RnnParameters weights = backend.parameters(spec);
        weights.flat().set(floats(random, weights.flat().size()));
        Input x = isIndices
                ? backend.intTensor(STEPS, BATCH)
                        .set(random.ints(STEPS * BATCH, 0, spec.inputSize()).toArray())
                : random(backend, random, STEPS, BATCH, spec.inputSize());
        Tensor condition = random(backend, random, BATCH, spec.directions() * spec.gateRows());
        Tensor dCondition = random(backend, random, BATCH, spec.directions() * spec.gateRows());
        Tensor y = random(backend, random, STEPS, BATCH, spec.outputSize());
        Tensor dy = random(backend, random, STEPS, BATCH, spec.outputSize());
        Tensor dx = isIndices ? null : random(backend, random, STEPS, BATCH, spec.inputSize());
        for (Purpose purpose : Purpose.values()) {
            try (Rnn rnn = backend.rnn(spec, STEPS, BATCH, purpose)) {
                ForwardCall call = rnn.call(weights, x)
                        .lengths(lengths)
                        .condition(condition)
                        .y(y);
                for (int i = 0; i < 3; i++) {
                    condition.set(floats(random, condition.size()));
                    if (purpose == Purpose.INFERENCE) {
                        call.run();
                    } else {
                        RnnParameters gradients = backend.parameters(spec);
                        try (TrainingPass pass = call.train()) {
                            pass.backward()
                                    .dy(dy)
                                    .dx(dx)
                                    .dCondition(dCondition)
                                    .gradients(gradients)
                                    .run();
                        }
                        results.add(dCondition.toDoubles());
                        results.add(gradients.flat().toDoubles());
                        if (dx != null) {
                            results.add(dx.toDoubles());
                        }
                    }
                    results.add(y.toDoubles());
                }
                Tensor other = random(backend, random, BATCH, spec.directions() * spec.gateRows());
                for (Tensor another : new Tensor[] {other, null}) {
                    rnn.call(weights, x)
                            .lengths(lengths)
                            .condition(another)
                            .y(y)
                            .run();
                    results.add(y.toDoubles());
                }
            }
        }
        return results;
    }

    private static void compare(Backend cuda, Backend reference, RnnSpec spec) {
        for (boolean isIndices : new boolean[] {false, true}) {
            for (int[] lengths : new int[][] {null, {4, 0, 1, 3, 4}}) {
                List<double[]> expected = run(reference, spec, isIndices, lengths);
                List<double[]> actual = run(cuda, spec, isIndices, lengths);
                for (int i = 0; i < expected.size(); i++) {
                    PiecesTest.assertNear(
                            expected.get(i),
                            actual.get(i),
                            TOLERANCE,
                            spec + (isIndices ? " of indices" : "") + (lengths == null ? "" : " with lengths")
                                    + ", result " + i);
                }
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Cell.class)
    void equalsTheOracle(Cell cell) {
        try (Backend cuda = TestDevice.open();
                Backend reference = Backend.named("reference")) {
            for (Direction direction : Direction.values()) {
                compare(cuda, reference, RnnSpec.of(cell, 3, 7).withDirection(direction));
            }
            compare(
                    cuda,
                    reference,
                    RnnSpec.of(cell, 3, 8)
                            .withLayers(2)
                            .withDirection(Direction.BIDIRECTIONAL)
                            .withBias(false));
        }
    }

    @ParameterizedTest
    @FieldSource("dev.rondo.cuda.Workload#FORMS")
    void withEveryForm(String form) {
        try (SystemProperty plan = SystemProperty.set(Plans.PROPERTY, form);
                Backend cuda = TestDevice.open();
                Backend reference = Backend.named("reference")) {
            for (Cell cell : Workload.cells()) {
                compare(cuda, reference, RnnSpec.of(cell, 3, 8).withDirection(Direction.BIDIRECTIONAL));
            }
        }
    }

    /** Inference keeps the gates of a window of the steps. */
    @Test
    void inWindows() {
        int steps = 700;
        int batch = 40;
        List<float[]> outputs = new ArrayList<>();
        for (String name : new String[] {"cuda", "reference"}) {
            try (Backend backend = name.equals("cuda") ? TestDevice.open() : Backend.named(name)) {
                Random random = new Random(4);
                RnnSpec spec = RnnSpec.of(Cell.GRU, 1, 2);
                RnnParameters weights = backend.parameters(spec);
                weights.flat().set(floats(random, weights.flat().size()));
                Tensor x = random(backend, random, steps, batch, 1);
                Tensor condition = random(backend, random, batch, spec.gateRows());
                Tensor y = backend.tensor(steps, batch, 2);
                try (Rnn rnn = backend.rnn(spec, steps, batch, Purpose.INFERENCE)) {
                    rnn.call(weights, x).condition(condition).y(y).run();
                }
                outputs.add(y.toFloats());
            }
        }
        for (int i = 0; i < outputs.get(0).length; i++) {
            if (!(Math.abs(outputs.get(0)[i] - outputs.get(1)[i]) <= TOLERANCE)) {
                throw new AssertionError("y[" + i + "]: expected " + outputs.get(1)[i] + ", got " + outputs.get(0)[i]);
            }
        }
    }
}
