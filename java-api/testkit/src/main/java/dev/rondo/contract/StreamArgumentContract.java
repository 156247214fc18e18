package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import dev.rondo.Cell;
import dev.rondo.IntTensor;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.train.TruncatedBptt;
import java.util.function.Consumer;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/** Wrong calls of {@link TruncatedBptt}. Each one is refused as {@link ArgumentContract} says, and disturbs no stream. */
public abstract class StreamArgumentContract extends BackendContract {
    /** For subclasses. */
    protected StreamArgumentContract() {}

    private static final double UNTOUCHED = 7.5;
    private static final int STEPS = 4;
    private static final int BATCH = 3;

    private RnnCase network;
    private RnnSpec spec;
    private RnnParameters weights;
    private Tensor x;
    private Tensor dy;
    private RnnParameters gradients;

    @BeforeEach
    final void makeANetworkAndItsArguments() {
        spec = RnnSpec.of(Cell.LSTM, 3, 2).withLayers(2);
        network = RnnCase.random(spec, STEPS, BATCH, 71);
        weights = network.weights(backend());
        x = (Tensor) network.input(backend());
        dy = network.dy(backend());
        gradients = backend().parameters(spec);
        gradients.flat().fill(UNTOUCHED);
    }

    private Tensor tensor(int... shape) {
        return backend().tensor(shape);
    }

    private static void requireUntouched(Tensor tensor) {
        for (double element : tensor.toDoubles()) {
            assertEquals(UNTOUCHED, element);
        }
    }

    @Test
    void wrongSettingsOfTruncatedBptt() {
        Refusal.nullArgument(() -> new TruncatedBptt(null, spec, 1, 1, 1), "backend");
        Refusal.nullArgument(() -> new TruncatedBptt(backend(), null, 1, 1, 1), "spec");
        Refusal.illegalArgument(() -> new TruncatedBptt(backend(), spec, 0, 1, 1), "batch", "got 0");
        Refusal.illegalArgument(() -> new TruncatedBptt(backend(), spec, 1, 0, 1), "k1", "got 0");
        Refusal.illegalArgument(() -> new TruncatedBptt(backend(), spec, 1, 3, 2), "k2", "3", "got 2");
        Refusal.illegalArgument(() -> new TruncatedBptt(backend(), spec, 1, 1, -1), "k2", "1", "got -1");
        RnnSpec dropout = spec.withDropout(0.5);
        Refusal.illegalArgument(() -> new TruncatedBptt(backend(), dropout, 1, 2, 3), "k2", "multiple", "got 3");
    }

    /** Gradients of a stream in which wrong calls come in between. */
    private double[] stream(Consumer<TruncatedBptt> beforeForward, Consumer<TruncatedBptt> beforeBackward) {
        RnnParameters sum = backend().parameters(spec);
        try (TruncatedBptt bptt = new TruncatedBptt(backend(), spec, BATCH, 1, 2)) {
            for (int t = 0; t < STEPS; t++) {
                RnnCase advance = network.part(t, t + 1);
                beforeForward.accept(bptt);
                bptt.forward(weights, advance.input(backend()), null);
                beforeBackward.accept(bptt);
                bptt.backward(advance.dy(backend()), sum);
            }
        }
        return sum.flat().toDoubles();
    }

    private void requireUndisturbed(Consumer<TruncatedBptt> beforeForward, Consumer<TruncatedBptt> beforeBackward) {
        double[] undisturbed = stream(bptt -> {}, bptt -> {});
        assertArrayEquals(undisturbed, stream(beforeForward, beforeBackward));
    }

    @Test
    void wrongShapesDoNotDisturbAStream() {
        Tensor chunk = tensor(1, BATCH, 3);
        requireUndisturbed(
                bptt -> {
                    Refusal.nullArgument(() -> bptt.forward(null, chunk, null), "weights");
                    Refusal.nullArgument(() -> bptt.forward(weights, null, null), "x");
                    Refusal.illegalArgument(
                            () -> bptt.forward(weights, x, null), "x: expected", "at most k1 = 1", "got 4");
                    Refusal.illegalArgument(
                            () -> bptt.forward(weights, chunk, new boolean[2]), "reset: expected", "3", "got 2");
                },
                bptt -> {
                    Refusal.nullArgument(() -> bptt.backward(null, gradients), "dy");
                    Refusal.nullArgument(() -> bptt.backward(tensor(1, BATCH, 2), null), "gradients");
                    Refusal.illegalArgument(() -> bptt.backward(dy, gradients), "dy: expected", "[T,N,H]", "[4, 3, 2]");
                });
        requireUntouched(gradients.flat());
    }

    @Test
    void foreignWeightsDoNotDisturbAStream() {
        RnnParameters foreign = backend().parameters(spec.withLayers(1));
        Tensor chunk = tensor(1, BATCH, 3);
        requireUndisturbed(
                bptt -> Refusal.illegalArgument(() -> bptt.forward(foreign, chunk, null), "weights: expected"),
                bptt -> {});
    }

    @Test
    void closedWeightsDoNotDisturbAStream() {
        RnnParameters closed = backend().parameters(spec);
        closed.close();
        Tensor chunk = tensor(1, BATCH, 3);
        requireUndisturbed(
                bptt -> Refusal.illegalState(() -> bptt.forward(closed, chunk, null), "weights", "closed"), bptt -> {});
    }

    @Test
    void indicesOutOfRangeDoNotDisturbAStream() {
        IntTensor bad = backend().intTensor(1, BATCH).set(0, 9, 0);
        requireUndisturbed(
                bptt -> Refusal.illegalArgument(() -> bptt.forward(weights, bad, null), "x", "0 to 2", "got 9"),
                bptt -> {});
    }

    @Test
    void foreignGradientsDoNotDisturbAStream() {
        RnnParameters foreign = backend().parameters(spec.withLayers(1));
        Tensor upstream = tensor(1, BATCH, 2);
        requireUndisturbed(
                bptt -> {},
                bptt -> Refusal.illegalArgument(() -> bptt.backward(upstream, foreign), "gradients: expected"));
    }

    @Test
    void inputGradientsOfIndicesAreRefused() {
        RnnParameters sum = backend().parameters(spec);
        try (TruncatedBptt bptt = new TruncatedBptt(backend(), spec, BATCH, 1, 2)) {
            bptt.forward(weights, backend().intTensor(1, BATCH), null);
            Tensor upstream = tensor(1, BATCH, 2).fill(1);
            Refusal.illegalArgument(
                    () -> bptt.backward(upstream, gradients, (age, chunk) -> {}), "expected null", "indices");
            requireUntouched(gradients.flat());
            bptt.backward(upstream, sum);
        }
        assertNotEquals(0, sum.flat().toDoubles()[0]);
    }

    @Test
    void truncatedBpttNeedsAForwardBeforeABackward() {
        Tensor upstream = tensor(1, BATCH, 2);
        try (TruncatedBptt bptt = new TruncatedBptt(backend(), spec, BATCH, 1, 2)) {
            Refusal.illegalState(() -> bptt.backward(upstream, gradients), "backward", "forward", "none");
            bptt.forward(weights, tensor(1, BATCH, 3), null);
            bptt.backward(upstream, backend().parameters(spec));
            Refusal.illegalState(() -> bptt.backward(upstream, gradients), "backward", "forward", "none");
            requireUntouched(gradients.flat());
            bptt.forward(weights, tensor(1, BATCH, 3), null);
            bptt.backward(upstream, backend().parameters(spec));
        }
    }

    @Test
    void aClosedStream() {
        TruncatedBptt bptt = new TruncatedBptt(backend(), spec, BATCH, 1, 2);
        bptt.forward(weights, tensor(1, BATCH, 3), null);
        bptt.close();
        bptt.close();
        Refusal.illegalState(() -> bptt.forward(weights, tensor(1, BATCH, 3), null), "closed");
        Refusal.illegalState(() -> bptt.backward(tensor(1, BATCH, 2), gradients), "closed");
        requireUntouched(gradients.flat());
    }
}
