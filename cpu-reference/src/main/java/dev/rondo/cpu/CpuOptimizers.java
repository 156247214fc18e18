package dev.rondo.cpu;

import dev.rondo.Tensor;
import dev.rondo.spi.OptimizerKernels;
import org.jspecify.annotations.Nullable;

/**
 * Clipping and the updates of the optimizers, one call at a time: elementwise, so threads share the elements. The tasks of
 * the threads are made once and find their arguments in fields, so that a call allocates nothing.
 */
final class CpuOptimizers implements OptimizerKernels {
    /** Squares are added up in blocks of so many elements, whatever the number of threads. */
    private static final int BLOCK = 4096;

    private final Workers workers;
    private final HostArray w = new HostArray();
    private final HostArray g = new HostArray();
    private final HostArray s1 = new HostArray();
    private final HostArray s2 = new HostArray();
    private double[] blockSums = new double[0];

    private final Workers.Task squaresTask = this::squares;
    private final Workers.Task scaleTask = this::scale;
    private final Workers.Task boundTask = this::bound;
    private final Workers.Task sgdTask = this::sgd;
    private final Workers.Task momentumTask = this::momentum;
    private final Workers.Task rmsPropTask = this::rmsProp;
    private final Workers.Task adamTask = this::adam;

    private int size;
    private float rate;
    private float keep1;
    private float add1;
    private float keep2;
    private float add2;
    private float scale2;
    private float eps;

    CpuOptimizers(Workers workers) {
        this.workers = workers;
    }

    /** The first of so many elements that belongs to a worker. */
    private int first(int elements, int worker) {
        return (int) ((long) elements * worker / workers.active());
    }

    @Override
    public synchronized void clipByGlobalNorm(Tensor gradients, double maxNorm, Tensor norm) {
        size = gradients.size();
        int blocks = (size + BLOCK - 1) / BLOCK;
        blockSums = blockSums.length >= blocks ? blockSums : new double[blocks];
        g.open(gradients);
        workers.run(4L * size, squaresTask);
        double squares = 0;
        for (int block = 0; block < blocks; block++) {
            squares += blockSums[block];
        }
        double total = Math.sqrt(squares);
        if (total > maxNorm) {
            rate = (float) (maxNorm / total);
            workers.run(2L * size, scaleTask);
            g.writeBack(gradients);
        }
        s1.open(norm);
        s1.array[s1.offset] = (float) total;
        s1.writeBack(norm);
    }

    private void squares(int worker) {
        int blocks = (size + BLOCK - 1) / BLOCK;
        for (int block = first(blocks, worker); block < first(blocks, worker + 1); block++) {
            blockSums[block] = squares(g.array, g.offset + block * BLOCK, Math.min(BLOCK, size - block * BLOCK));
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

    private void scale(int worker) {
        float[] gs = g.array;
        float factor = rate;
        for (int i = g.offset + first(size, worker); i < g.offset + first(size, worker + 1); i++) {
            gs[i] *= factor;
        }
    }

    @Override
    public synchronized void clipByValue(Tensor gradients, double maxValue) {
        size = gradients.size();
        rate = (float) maxValue;
        g.open(gradients);
        workers.run(2L * size, boundTask);
        g.writeBack(gradients);
    }

    private void bound(int worker) {
        float[] gs = g.array;
        float max = rate;
        for (int i = g.offset + first(size, worker); i < g.offset + first(size, worker + 1); i++) {
            gs[i] = Math.max(-max, Math.min(max, gs[i]));
        }
    }

    private void open(Tensor weights, Tensor gradients, double learningRate) {
        size = weights.size();
        rate = (float) learningRate;
        w.open(weights);
        g.open(gradients);
    }

    @Override
    public synchronized void sgd(
            Tensor weights, Tensor gradients, @Nullable Tensor velocity, double learningRate, double momentum) {
        open(weights, gradients, learningRate);
        keep1 = (float) momentum;
        if (velocity == null) {
            workers.run(2L * size, sgdTask);
        } else {
            s1.open(velocity);
            workers.run(4L * size, momentumTask);
            s1.writeBack(velocity);
        }
        w.writeBack(weights);
    }

    private void sgd(int worker) {
        float[] ws = w.array;
        float[] gs = g.array;
        float lr = rate;
        int from = w.offset + first(size, worker);
        int to = w.offset + first(size, worker + 1);
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

    private void momentum(int worker) {
        for (int i = first(size, worker); i < first(size, worker + 1); i++) {
            float v = keep1 * s1.array[s1.offset + i] + g.array[g.offset + i];
            s1.array[s1.offset + i] = v;
            w.array[w.offset + i] -= rate * v;
        }
    }

    @Override
    public synchronized void rmsProp(
            Tensor weights, Tensor gradients, Tensor meanSquare, double learningRate, double decay, double epsilon) {
        open(weights, gradients, learningRate);
        keep1 = (float) decay;
        add1 = (float) (1 - decay);
        eps = (float) epsilon;
        s1.open(meanSquare);
        workers.run(16L * size, rmsPropTask);
        w.writeBack(weights);
        s1.writeBack(meanSquare);
    }

    private void rmsProp(int worker) {
        for (int i = first(size, worker); i < first(size, worker + 1); i++) {
            float gi = g.array[g.offset + i];
            float s = keep1 * s1.array[s1.offset + i] + add1 * gi * gi;
            s1.array[s1.offset + i] = s;
            w.array[w.offset + i] -= rate * gi / ((float) Math.sqrt(s) + eps);
        }
    }

    @Override
    public synchronized void adam(
            Tensor weights,
            Tensor gradients,
            Tensor firstMoment,
            Tensor secondMoment,
            long step,
            double learningRate,
            double b1,
            double b2,
            double epsilon) {
        open(weights, gradients, learningRate / (1 - Math.pow(b1, step)));
        keep1 = (float) b1;
        add1 = (float) (1 - b1);
        keep2 = (float) b2;
        add2 = (float) (1 - b2);
        scale2 = (float) (1 / (1 - Math.pow(b2, step)));
        eps = (float) epsilon;
        s1.open(firstMoment);
        s2.open(secondMoment);
        workers.run(16L * size, adamTask);
        w.writeBack(weights);
        s1.writeBack(firstMoment);
        s2.writeBack(secondMoment);
    }

    private void adam(int worker) {
        for (int i = first(size, worker); i < first(size, worker + 1); i++) {
            float gi = g.array[g.offset + i];
            float m = keep1 * s1.array[s1.offset + i] + add1 * gi;
            float v = keep2 * s2.array[s2.offset + i] + add2 * gi * gi;
            s1.array[s1.offset + i] = m;
            s2.array[s2.offset + i] = v;
            w.array[w.offset + i] -= rate * m / ((float) Math.sqrt(v * scale2) + eps);
        }
    }
}
