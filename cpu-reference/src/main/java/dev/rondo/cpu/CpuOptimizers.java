package dev.rondo.cpu;

import dev.rondo.Tensor;
import dev.rondo.spi.OptimizerKernels;
import org.jspecify.annotations.Nullable;

/** Clipping and the updates of the optimizers, one call at a time: elementwise, so threads share the elements. */
final class CpuOptimizers implements OptimizerKernels {
    /** Squares are added up in blocks of so many elements, whatever the number of threads. */
    private static final int BLOCK = 4096;

    private final Workers workers;
    private final HostArray w = new HostArray();
    private final HostArray g = new HostArray();
    private final HostArray s1 = new HostArray();
    private final HostArray s2 = new HostArray();
    private double[] blockSums = new double[0];

    CpuOptimizers(Workers workers) {
        this.workers = workers;
    }

    /** What is done to the elements first to end - 1. */
    @FunctionalInterface
    private interface Range {
        void apply(int first, int end);
    }

    private void share(int size, Range range) {
        workers.run(worker -> range.apply(
                (int) ((long) size * worker / workers.count()), (int) ((long) size * (worker + 1) / workers.count())));
    }

    @Override
    public synchronized void clipByGlobalNorm(Tensor gradients, double maxNorm, Tensor norm) {
        int size = (int) gradients.size();
        int blocks = (size + BLOCK - 1) / BLOCK;
        blockSums = blockSums.length >= blocks ? blockSums : new double[blocks];
        g.open(gradients);
        share(blocks, (first, end) -> {
            for (int block = first; block < end; block++) {
                blockSums[block] = squares(g.array, g.offset + block * BLOCK, Math.min(BLOCK, size - block * BLOCK));
            }
        });
        double squares = 0;
        for (int block = 0; block < blocks; block++) {
            squares += blockSums[block];
        }
        double total = Math.sqrt(squares);
        if (total > maxNorm) {
            float factor = (float) (maxNorm / total);
            share(size, (first, end) -> {
                for (int i = g.offset + first; i < g.offset + end; i++) {
                    g.array[i] *= factor;
                }
            });
            g.writeBack(gradients);
        }
        s1.open(norm);
        s1.array[s1.offset] = (float) total;
        s1.writeBack(norm);
    }

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

    @Override
    public synchronized void clipByValue(Tensor gradients, double maxValue) {
        float max = (float) maxValue;
        g.open(gradients);
        share((int) gradients.size(), (first, end) -> {
            for (int i = g.offset + first; i < g.offset + end; i++) {
                g.array[i] = Math.max(-max, Math.min(max, g.array[i]));
            }
        });
        g.writeBack(gradients);
    }

    @Override
    public synchronized void sgd(
            Tensor weights, Tensor gradients, @Nullable Tensor velocity, double rate, double momentum) {
        float lr = (float) rate;
        float mu = (float) momentum;
        w.open(weights);
        g.open(gradients);
        if (velocity == null) {
            share((int) weights.size(), (first, end) -> {
                for (int i = first; i < end; i++) {
                    w.array[w.offset + i] -= lr * g.array[g.offset + i];
                }
            });
        } else {
            s1.open(velocity);
            share((int) weights.size(), (first, end) -> {
                for (int i = first; i < end; i++) {
                    float v = mu * s1.array[s1.offset + i] + g.array[g.offset + i];
                    s1.array[s1.offset + i] = v;
                    w.array[w.offset + i] -= lr * v;
                }
            });
            s1.writeBack(velocity);
        }
        w.writeBack(weights);
    }

    @Override
    public synchronized void rmsProp(
            Tensor weights, Tensor gradients, Tensor meanSquare, double rate, double decay, double epsilon) {
        float lr = (float) rate;
        float keep = (float) decay;
        float add = (float) (1 - decay);
        float eps = (float) epsilon;
        w.open(weights);
        g.open(gradients);
        s1.open(meanSquare);
        share((int) weights.size(), (first, end) -> {
            for (int i = first; i < end; i++) {
                float gi = g.array[g.offset + i];
                float s = keep * s1.array[s1.offset + i] + add * gi * gi;
                s1.array[s1.offset + i] = s;
                w.array[w.offset + i] -= lr * gi / ((float) Math.sqrt(s) + eps);
            }
        });
        w.writeBack(weights);
        s1.writeBack(meanSquare);
    }

    @Override
    public synchronized void adam(
            Tensor weights,
            Tensor gradients,
            Tensor firstMoment,
            Tensor secondMoment,
            long step,
            double rate,
            double b1,
            double b2,
            double epsilon) {
        float keep1 = (float) b1;
        float add1 = (float) (1 - b1);
        float keep2 = (float) b2;
        float add2 = (float) (1 - b2);
        float lr = (float) (rate / (1 - Math.pow(b1, step)));
        float scale2 = (float) (1 / (1 - Math.pow(b2, step)));
        float eps = (float) epsilon;
        w.open(weights);
        g.open(gradients);
        s1.open(firstMoment);
        s2.open(secondMoment);
        share((int) weights.size(), (first, end) -> {
            for (int i = first; i < end; i++) {
                float gi = g.array[g.offset + i];
                float m = keep1 * s1.array[s1.offset + i] + add1 * gi;
                float v = keep2 * s2.array[s2.offset + i] + add2 * gi * gi;
                s1.array[s1.offset + i] = m;
                s2.array[s2.offset + i] = v;
                w.array[w.offset + i] -= lr * m / ((float) Math.sqrt(v * scale2) + eps);
            }
        });
        w.writeBack(weights);
        s1.writeBack(firstMoment);
        s2.writeBack(secondMoment);
    }
}
