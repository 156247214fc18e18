package dev.rondo.cpu;

import dev.rondo.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * One call of clipping or of an update: elementwise, in pieces of some thousand elements. The pieces find the arguments in
 * fields, so that a call allocates nothing.
 */
final class ElementwiseCall {
    /** Squares are added up in blocks of so many elements. */
    private static final int BLOCK = 4096;

    /** Elements of a piece. */
    private static final int PIECE = 4 * BLOCK;

    private final Workers workers;
    private final HostArray w = new HostArray();
    private final HostArray g = new HostArray();
    private final HostArray s1 = new HostArray();
    private final HostArray s2 = new HostArray();
    private double[] blockSums = new double[0];

    private final Workers.Piece squares = this::squares;
    private final Workers.Piece scale = this::scale;
    private final Workers.Piece bound = this::bound;
    private final Workers.Piece sgd = this::sgd;
    private final Workers.Piece momentum = this::momentum;
    private final Workers.Piece rmsProp = this::rmsProp;
    private final Workers.Piece adam = this::adam;

    private int size;
    private float rate;
    private float keep1;
    private float add1;
    private float keep2;
    private float add2;
    private float scale2;
    private float eps;

    ElementwiseCall(Workers workers) {
        this.workers = workers;
    }

    private void run(int operationsEach, Workers.Piece piece) {
        workers.pieces((long) operationsEach * size, (int) ((size + PIECE - 1L) / PIECE), piece);
    }

    private int end(int piece) {
        return (int) Math.min(size, (piece + 1L) * PIECE);
    }

    private void open(Tensor weights, Tensor gradients, double learningRate) {
        size = weights.size();
        rate = (float) learningRate;
        w.open(weights);
        g.open(gradients);
    }

    private void close() {
        w.close();
        g.close();
        s1.close();
        s2.close();
    }

    void clipByGlobalNorm(Tensor gradients, double maxNorm, Tensor norm) {
        size = gradients.size();
        int blocks = (int) ((size + BLOCK - 1L) / BLOCK);
        blockSums = blockSums.length >= blocks ? blockSums : new double[blocks];
        try {
            g.open(gradients);
            run(4, squares);
            double sum = 0;
            for (int block = 0; block < blocks; block++) {
                sum += blockSums[block];
            }
            double total = Math.sqrt(sum);
            if (total > maxNorm) {
                rate = (float) (maxNorm / total);
                run(2, scale);
                g.writeBack(gradients);
            }
            s1.open(norm);
            s1.array[s1.offset] = (float) total;
            s1.writeBack(norm);
        } finally {
            close();
        }
    }

    private void squares(int piece) {
        int end = end(piece);
        for (int i = piece * PIECE; i < end; i += BLOCK) {
            blockSums[i / BLOCK] = squares(g.array, g.offset + i, Math.min(BLOCK, end - i));
        }
    }

    /** The sum of the squares, in double; four sums side by side, since one would wait for itself. */
    private static double squares(float[] values, int offset, int count) {
        double a = 0;
        double b = 0;
        double c = 0;
        double d = 0;
        int i = 0;
        for (; i <= count - 4; i += 4) {
            a += (double) values[offset + i] * values[offset + i];
            b += (double) values[offset + i + 1] * values[offset + i + 1];
            c += (double) values[offset + i + 2] * values[offset + i + 2];
            d += (double) values[offset + i + 3] * values[offset + i + 3];
        }
        for (; i < count; i++) {
            a += (double) values[offset + i] * values[offset + i];
        }
        return (a + b) + (c + d);
    }

    private void scale(int piece) {
        float[] gs = g.array;
        float factor = rate;
        int to = g.offset + end(piece);
        for (int i = g.offset + piece * PIECE; i < to; i++) {
            gs[i] *= factor;
        }
    }

    void clipByValue(Tensor gradients, double maxValue) {
        size = gradients.size();
        rate = (float) maxValue;
        try {
            g.open(gradients);
            run(2, bound);
            g.writeBack(gradients);
        } finally {
            close();
        }
    }

    private void bound(int piece) {
        float[] gs = g.array;
        float max = rate;
        int to = g.offset + end(piece);
        for (int i = g.offset + piece * PIECE; i < to; i++) {
            gs[i] = Math.max(-max, Math.min(max, gs[i]));
        }
    }

    void sgd(Tensor weights, Tensor gradients, @Nullable Tensor velocity, double learningRate, double factor) {
        try {
            open(weights, gradients, learningRate);
            keep1 = (float) factor;
            if (velocity == null) {
                run(2, sgd);
            } else {
                s1.open(velocity);
                run(4, momentum);
                s1.writeBack(velocity);
            }
            w.writeBack(weights);
        } finally {
            close();
        }
    }

    private void sgd(int piece) {
        float[] ws = w.array;
        float[] gs = g.array;
        float lr = rate;
        int from = w.offset + piece * PIECE;
        int to = w.offset + end(piece);
        int shift = g.offset - w.offset;
        if (shift == 0) {
            // The same index in both: a loop that the JIT compiler makes vector instructions of.
            for (int i = from; i < to; i++) {
                ws[i] -= lr * gs[i];
            }
        } else {
            for (int i = from; i < to; i++) {
                ws[i] -= lr * gs[i + shift];
            }
        }
    }

    private void momentum(int piece) {
        int end = end(piece);
        for (int i = piece * PIECE; i < end; i++) {
            float v = keep1 * s1.array[s1.offset + i] + g.array[g.offset + i];
            s1.array[s1.offset + i] = v;
            w.array[w.offset + i] -= rate * v;
        }
    }

    void rmsProp(
            Tensor weights, Tensor gradients, Tensor meanSquare, double learningRate, double decay, double epsilon) {
        try {
            open(weights, gradients, learningRate);
            keep1 = (float) decay;
            add1 = (float) (1 - decay);
            eps = (float) epsilon;
            s1.open(meanSquare);
            run(16, rmsProp);
            w.writeBack(weights);
            s1.writeBack(meanSquare);
        } finally {
            close();
        }
    }

    private void rmsProp(int piece) {
        int end = end(piece);
        for (int i = piece * PIECE; i < end; i++) {
            float gi = g.array[g.offset + i];
            float s = keep1 * s1.array[s1.offset + i] + add1 * gi * gi;
            s1.array[s1.offset + i] = s;
            w.array[w.offset + i] -= rate * gi / ((float) Math.sqrt(s) + eps);
        }
    }

    void adam(
            Tensor weights,
            Tensor gradients,
            Tensor firstMoment,
            Tensor secondMoment,
            long step,
            double learningRate,
            double b1,
            double b2,
            double epsilon) {
        try {
            open(weights, gradients, learningRate / (1 - Math.pow(b1, step)));
            keep1 = (float) b1;
            add1 = (float) (1 - b1);
            keep2 = (float) b2;
            add2 = (float) (1 - b2);
            scale2 = (float) (1 / (1 - Math.pow(b2, step)));
            eps = (float) epsilon;
            s1.open(firstMoment);
            s2.open(secondMoment);
            run(16, adam);
            w.writeBack(weights);
            s1.writeBack(firstMoment);
            s2.writeBack(secondMoment);
        } finally {
            close();
        }
    }

    private void adam(int piece) {
        int end = end(piece);
        for (int i = piece * PIECE; i < end; i++) {
            float gi = g.array[g.offset + i];
            float m = keep1 * s1.array[s1.offset + i] + add1 * gi;
            float v = keep2 * s2.array[s2.offset + i] + add2 * gi * gi;
            s1.array[s1.offset + i] = m;
            s2.array[s2.offset + i] = v;
            w.array[w.offset + i] -= rate * m / ((float) Math.sqrt(v * scale2) + eps);
        }
    }
}
