package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rondo.Backend;
import dev.rondo.BackendAvailability;
import dev.rondo.BackendException;
import dev.rondo.BackendOptions;
import dev.rondo.Embedding;
import dev.rondo.IntTensor;
import dev.rondo.Linear;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.train.MeanSquaredError;
import dev.rondo.train.SoftmaxCrossEntropy;
import org.junit.jupiter.api.Test;

/** Wrong calls of what stands around a network. Each one is refused as {@link ArgumentContract} says, and writes nothing. */
public abstract class LayerArgumentContract extends BackendContract {
    /** For subclasses. */
    protected LayerArgumentContract() {}

    private static final double UNTOUCHED = 7.5;

    private Tensor tensor(int... shape) {
        return backend().tensor(shape);
    }

    private static void requireUntouched(Tensor tensor) {
        for (double element : tensor.toDoubles()) {
            assertEquals(UNTOUCHED, element);
        }
    }

    @Test
    void unknownBackends() {
        Refusal.check(BackendException.class, () -> Backend.named("abacus"), "backend: expected one of", "got abacus");
        for (BackendAvailability known : Backend.available()) {
            Refusal.check(BackendException.class, () -> Backend.named("abacus"), known.name());
        }
        Refusal.nullArgument(() -> Backend.named(null), "name");
        Refusal.nullArgument(() -> Backend.named("abacus", null), "options");
        Refusal.nullArgument(() -> Backend.best((BackendOptions) null), "options");
        Refusal.nullArgument(() -> Backend.best((RnnSpec) null), "spec");
        Refusal.nullArgument(() -> Backend.of(null, BackendOptions.defaults()), "provider");
    }

    @Test
    void wrongArgumentsOfLinear() {
        Linear layer = backend().linear(3, 2);
        Tensor w = tensor(2, 3);
        Tensor b = tensor(2);
        Tensor in = tensor(4, 3);
        Tensor out = tensor(4, 2).fill(UNTOUCHED);
        Refusal.nullArgument(() -> layer.forward(null, b, in, out), "weight");
        Refusal.nullArgument(() -> layer.forward(w, b, null, out), "x");
        Refusal.nullArgument(() -> layer.forward(w, b, in, null), "y");
        Refusal.illegalArgument(() -> layer.forward(tensor(3, 2), b, in, out), "weight: expected", "[2, 3]", "[3, 2]");
        Refusal.illegalArgument(() -> layer.forward(w, tensor(3), in, out), "bias: expected", "[2]", "[3]");
        Refusal.illegalArgument(() -> layer.forward(w, b, tensor(3, 4), out), "x: expected", "size 3", "[3, 4]");
        Refusal.illegalArgument(() -> layer.forward(w, b, tensor(), out), "x: expected", "size 3", "[]");
        Refusal.illegalArgument(
                () -> layer.forward(w, b, in, tensor(3, 2)), "y: expected", "4 rows of size 2", "[3, 2]");
        Tensor all = tensor(30);
        Refusal.illegalArgument(
                () -> layer.forward(w, b, all.view(0, 4, 3), all.view(11, 4, 2)), "y: expected memory apart from x");
        Refusal.illegalArgument(() -> layer.backward(w, in, tensor(4, 3), null, null, null), "dy: expected");
        Refusal.illegalArgument(() -> layer.backward(w, in, out, tensor(4, 2), null, null), "dx: expected", "[4, 2]");
        Refusal.illegalArgument(
                () -> layer.backward(w, in, out, null, tensor(3, 2), null), "dWeight: expected", "[3, 2]");
        Refusal.illegalArgument(() -> layer.backward(w, in, out, null, null, tensor(1)), "dBias: expected", "[1]");
        requireUntouched(out);
        b.close();
        Refusal.illegalState(() -> layer.forward(w, b, in, out), "bias", "closed");
        layer.forward(w, null, in, out);
        assertArrayEquals(new double[8], out.toDoubles());
    }

    @Test
    void wrongArgumentsOfEmbedding() {
        Embedding layer = backend().embedding(4, 2);
        Tensor table = tensor(4, 2);
        IntTensor indices = backend().intTensor(3);
        Tensor out = tensor(3, 2).fill(UNTOUCHED);
        Refusal.nullArgument(() -> layer.forward(null, indices, out), "table");
        Refusal.nullArgument(() -> layer.forward(table, null, out), "indices");
        Refusal.nullArgument(() -> layer.forward(table, indices, null), "y");
        Refusal.illegalArgument(() -> layer.forward(tensor(2, 4), indices, out), "table: expected", "[4, 2]", "[2, 4]");
        Refusal.illegalArgument(() -> layer.forward(table, indices, tensor(2, 2)), "y: expected 3", "[2, 2]");
        Refusal.illegalArgument(() -> layer.backward(indices, tensor(2, 2), table), "dy: expected 3", "[2, 2]");
        Refusal.illegalArgument(() -> layer.backward(indices, out, tensor(2, 4)), "dTable: expected", "[2, 4]");
        requireUntouched(out);
        for (int wrong : new int[] {4, -1, Integer.MAX_VALUE, Integer.MIN_VALUE}) {
            IntTensor bad = backend().intTensor(3).set(0, wrong, 1);
            Refusal.illegalArgument(() -> layer.forward(table, bad, out), "indices[1]: expected 0 to 3, got " + wrong);
        }
        layer.forward(table, indices, out);
        assertArrayEquals(new double[6], out.toDoubles());
    }

    @Test
    void wrongArgumentsOfLosses() {
        Refusal.nullArgument(() -> new SoftmaxCrossEntropy(null), "backend");
        Refusal.nullArgument(() -> new MeanSquaredError(null), "backend");
        SoftmaxCrossEntropy crossEntropy = new SoftmaxCrossEntropy(backend());
        Tensor logits = tensor(3, 5);
        IntTensor targets = backend().intTensor(3);
        Tensor loss = tensor(1).fill(UNTOUCHED);
        Tensor gradient = tensor(3, 5).fill(UNTOUCHED);
        Refusal.nullArgument(() -> crossEntropy.apply(null, targets, loss, gradient), "logits");
        Refusal.nullArgument(() -> crossEntropy.apply(logits, null, loss, gradient), "targets");
        Refusal.nullArgument(() -> crossEntropy.apply(logits, targets, null, gradient), "loss");
        Refusal.illegalArgument(
                () -> crossEntropy.apply(logits, backend().intTensor(4), loss, gradient),
                "targets: expected",
                "3",
                "[4]");
        Refusal.illegalArgument(
                () -> crossEntropy.apply(logits, targets, tensor(2), gradient), "loss: expected", "[1]", "[2]");
        Refusal.illegalArgument(
                () -> crossEntropy.apply(logits, targets, loss, tensor(5)), "dLogits: expected", "[3, 5]", "[5]");
        for (int wrong : new int[] {5, Integer.MAX_VALUE}) {
            IntTensor bad = backend().intTensor(3).set(0, 1, wrong);
            Refusal.illegalArgument(
                    () -> crossEntropy.apply(logits, bad, loss, gradient),
                    "targets[2]: expected",
                    "0 to 4",
                    "" + wrong);
        }
        MeanSquaredError squares = new MeanSquaredError(backend());
        Refusal.nullArgument(() -> squares.apply(null, logits, loss, gradient), "prediction");
        Refusal.nullArgument(() -> squares.apply(logits, null, loss, gradient), "target");
        Refusal.nullArgument(() -> squares.apply(logits, logits, null, gradient), "loss");
        Refusal.illegalArgument(
                () -> squares.apply(logits, tensor(14), loss, gradient), "target: expected", "[3, 5]", "[14]");
        Refusal.illegalArgument(
                () -> squares.apply(logits, logits, loss, tensor(16)), "dPrediction: expected", "[3, 5]", "[16]");
        requireUntouched(loss);
        requireUntouched(gradient);
        crossEntropy.apply(logits, targets, loss, gradient);
        logits.close();
        Refusal.illegalState(() -> crossEntropy.apply(logits, targets, loss, gradient), "logits", "closed");
        Refusal.illegalState(() -> squares.apply(logits, gradient, loss, gradient), "prediction", "closed");
    }
}
