package dev.rondo.cpu;

import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import dev.rondo.internal.IntArrayStorage;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** One call that chooses classes: the best ones of each row, or a drawn one. A piece of work is some rows. */
final class ChoiceCall {
    /** Logits of a piece. */
    private static final int PIECE = 8192;

    private static final int[] NONE = new int[0];

    private final Workers workers;
    private final Spares<int[]> scratch = new Spares<>(() -> NONE);
    private final HostArray logits = new HostArray();
    private final HostArray logs = new HostArray();
    private final HostArray uniform = new HostArray();
    private final Workers.Piece topK = this::topK;
    private final Workers.Piece sample = this::sample;

    private int rows;
    private int classes;
    private int k;
    private int[] chosen = NONE;
    private int chosenAt;
    private boolean wantLogs;
    private double temperature;
    private int rowsOfPiece;

    ChoiceCall(Workers workers) {
        this.workers = workers;
    }

    private void open(Tensor given, int best, IntTensor indices, int rowCount) {
        rows = rowCount;
        classes = given.size() / rowCount;
        k = best;
        chosen = ((IntArrayStorage) indices.storage()).array();
        chosenAt = indices.offset();
        rowsOfPiece = Math.max(1, PIECE / classes);
        logits.open(given);
    }

    private void run(int operationsEach, Workers.Piece piece) {
        long operations = (long) operationsEach * rows * classes;
        workers.pieces(operations, (rows + rowsOfPiece - 1) / rowsOfPiece, piece);
    }

    private void close() {
        logits.close();
        logs.close();
        uniform.close();
        chosen = NONE;
    }

    void topK(Tensor given, int best, IntTensor indices, @Nullable Tensor logProbabilities) {
        try {
            open(given, best, indices, indices.size() / best);
            wantLogs = logProbabilities != null;
            if (logProbabilities != null) {
                logs.open(logProbabilities);
            }
            run(wantLogs ? 8 : 2, topK);
            if (logProbabilities != null) {
                logs.writeBack(logProbabilities);
            }
        } finally {
            close();
        }
    }

    private void topK(int piece) {
        int end = Math.min(rows, (piece + 1) * rowsOfPiece);
        for (int m = piece * rowsOfPiece; m < end; m++) {
            int row = logits.offset + m * classes;
            int to = chosenAt + m * k;
            best(row, chosen, to);
            if (wantLogs) {
                float max = logits.array[row + chosen[to]];
                double total = 0;
                for (int v = 0; v < classes; v++) {
                    total += Activations.exp(logits.array[row + v] - max);
                }
                float log = (float) Math.log(total);
                for (int j = 0; j < k; j++) {
                    logs.array[logs.offset + m * k + j] = logits.array[row + chosen[to + j]] - max - log;
                }
            }
        }
    }

    /** The k best classes of a row, the best first: each class is put before all that have less. */
    private void best(int row, int[] target, int to) {
        int found = 0;
        for (int v = 0; v < classes; v++) {
            float x = logits.array[row + v];
            if (found == k && !(x > logits.array[row + target[to + k - 1]])) {
                continue;
            }
            int place = found < k ? found++ : k - 1;
            while (place > 0 && x > logits.array[row + target[to + place - 1]]) {
                target[to + place] = target[to + place - 1];
                place--;
            }
            target[to + place] = v;
        }
    }

    void sample(Tensor given, double heat, int among, Tensor numbers, IntTensor indices) {
        try {
            open(given, among, indices, indices.size());
            temperature = heat;
            uniform.open(numbers);
            run(16, sample);
        } finally {
            close();
        }
    }

    private void sample(int piece) {
        int[] room = scratch.borrow();
        int[] candidates = room.length >= k ? room : new int[k];
        int end = Math.min(rows, (piece + 1) * rowsOfPiece);
        for (int m = piece * rowsOfPiece; m < end; m++) {
            chosen[chosenAt + m] = drawn(logits.offset + m * classes, uniform.array[uniform.offset + m], candidates);
        }
        scratch.giveBack(candidates);
    }

    private int drawn(int row, float u, int[] candidates) {
        if (k < classes) {
            best(row, candidates, 0);
            Arrays.sort(candidates, 0, k);
        } else {
            for (int v = 0; v < classes; v++) {
                candidates[v] = v;
            }
        }
        int best = candidates[0];
        for (int j = 1; j < k; j++) {
            best = logits.array[row + candidates[j]] > logits.array[row + best] ? candidates[j] : best;
        }
        float max = logits.array[row + best];
        double total = 0;
        for (int j = 0; j < k; j++) {
            total += part(row + candidates[j], max);
        }
        double sum = 0;
        for (int j = 0; j < k; j++) {
            sum += part(row + candidates[j], max);
            if (sum > u * total) {
                return candidates[j];
            }
        }
        return best;
    }

    private double part(int at, float max) {
        return Math.exp((logits.array[at] - max) / temperature);
    }
}
