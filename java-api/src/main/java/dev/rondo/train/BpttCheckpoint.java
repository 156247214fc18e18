package dev.rondo.train;

import dev.rondo.Input;
import dev.rondo.IntTensor;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.io.ElementType;
import dev.rondo.io.FileFormatException;
import dev.rondo.io.StoredTensor;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What carries over in a {@link TruncatedBptt}, in a {@link Checkpoint}: {@code training.advances}, {@code training.history} (the
 * number of advances that a gradient still reaches), the tensors of {@code state}, and for each of the advances those of
 * {@code history.0}, {@code history.1} and so on: the state before it, its input {@code x} and, where a row started anew,
 * {@code reset}.
 */
public final class BpttCheckpoint {
    private BpttCheckpoint() {}

    /**
     * Copies what carries over.
     *
     * @param bptt where from
     * @param checkpoint where to
     */
    public static void put(TruncatedBptt bptt, Checkpoint checkpoint) {
        checkpoint.put("training.advances", bptt.advances());
        checkpoint.put("state", bptt.state());
        List<TruncatedBptt.Advance> history = bptt.history();
        checkpoint.put("training.history", history.size());
        for (int i = 0; i < history.size(); i++) {
            String name = "history." + i;
            checkpoint.put(name, history.get(i).initial());
            Input x = history.get(i).x();
            if (x instanceof IntTensor indices) {
                checkpoint.put(name + ".x", indices);
            } else if (x instanceof Tensor dense) {
                checkpoint.put(name + ".x", dense);
            }
            putReset(checkpoint, name + ".reset", history.get(i).reset());
        }
    }

    private static void putReset(Checkpoint checkpoint, String name, boolean[] reset) {
        int[] rows = new int[reset.length];
        boolean any = false;
        for (int n = 0; n < rows.length; n++) {
            rows[n] = reset[n] ? 1 : 0;
            any |= reset[n];
        }
        if (any) {
            checkpoint.put(name, IntTensor.wrap(rows, rows.length));
        }
    }

    /**
     * Continues where another object was; the dropout seed is set before.
     *
     * @param bptt what shall continue, of the network, batch, k1 and k2 of the one that was written
     * @param file where from
     * @throws IOException if the file cannot be read, or something is missing or makes no sense; {@code bptt} is then as it was
     */
    public static void restore(TruncatedBptt bptt, CheckpointFile file) throws IOException {
        long advances = file.count("training.advances", Long.MAX_VALUE);
        long count = file.count("training.history", Math.min(bptt.count, advances));
        List<TruncatedBptt.Advance> history = new ArrayList<>();
        try (RnnState state = bptt.backend.state(bptt.spec, bptt.batch)) {
            for (int i = 0; i < count; i++) {
                history.add(advance(bptt, file, "history." + i));
            }
            file.read("state", state);
            bptt.restore(history, state, advances);
        } finally {
            for (TruncatedBptt.Advance advance : history) {
                advance.initial().close();
                close(advance.x());
            }
        }
    }

    private static TruncatedBptt.Advance advance(TruncatedBptt bptt, CheckpointFile file, String name)
            throws IOException {
        StoredTensor stored = file.stored(name + ".x");
        boolean isIndices = stored.type() == ElementType.I32;
        long[] shape = stored.shape();
        // the last chunk of a stream may be a shorter one
        boolean isShorter = shape.length == (isIndices ? 2 : 3) && shape[0] >= 1 && shape[0] < bptt.k1;
        int steps = isShorter ? (int) shape[0] : bptt.k1;
        RnnState initial = bptt.backend.state(bptt.spec, bptt.batch);
        Input x = isIndices
                ? bptt.backend.intTensor(steps, bptt.batch)
                : bptt.backend.tensor(steps, bptt.batch, bptt.spec.inputSize());
        try {
            file.read(name, initial);
            if (x instanceof IntTensor indices) {
                file.read(name + ".x", indices);
                requireKnown(file, name + ".x", indices.toInts(), bptt.spec.inputSize());
            } else if (x instanceof Tensor dense) {
                file.read(name + ".x", dense);
            }
            return new TruncatedBptt.Advance(x, initial, reset(file, name + ".reset", bptt.batch));
        } catch (IOException | RuntimeException e) {
            initial.close();
            close(x);
            throw e;
        }
    }

    private static boolean[] reset(CheckpointFile file, String name, int batch) throws IOException {
        boolean[] reset = new boolean[batch];
        if (file.hasTensor(name)) {
            IntTensor rows = IntTensor.wrap(new int[batch], batch);
            file.read(name, rows);
            int[] values = rows.toInts();
            for (int n = 0; n < batch; n++) {
                reset[n] = values[n] != 0;
            }
        }
        return reset;
    }

    /** A backend need not check indices; a file must not make it read outside of its memory. */
    private static void requireKnown(CheckpointFile file, String name, int[] indices, int inputs)
            throws FileFormatException {
        for (int index : indices) {
            if (index < 0 || index >= inputs) {
                throw file.fault(name + ": expected indices 0 to " + (inputs - 1) + ", got " + index);
            }
        }
    }

    private static void close(Input x) {
        if (x instanceof Tensor dense) {
            dense.close();
        } else if (x instanceof IntTensor indices) {
            indices.close();
        }
    }
}
