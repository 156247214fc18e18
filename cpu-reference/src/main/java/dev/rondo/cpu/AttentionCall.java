package dev.rondo.cpu;

import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import java.util.Arrays;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One call of attention. A piece of work is a row of the batch, with all of its queries, keys and values. */
final class AttentionCall {
    private static final float[] NONE = new float[0];

    private final InnerLoops loops;
    private final Workers workers;
    private final Spares<float[]> scratch = new Spares<>(() -> NONE);
    private final HostArray q = new HostArray();
    private final HostArray k = new HostArray();
    private final HostArray v = new HostArray();
    private final HostArray u = new HostArray();
    private final HostArray weights = new HostArray();
    private final HostArray context = new HostArray();
    private final HostArray dq = new HostArray();
    private final HostArray dk = new HostArray();
    private final HostArray dv = new HostArray();
    private final HostArray du = new HostArray();
    private final RowLengths lengths = new RowLengths();
    private final Workers.Piece forward = this::forward;
    private final Workers.Piece backward = this::backward;

    /** The gradient by u of each row of the batch {@code [N][A]}. */
    private float[] duRows = NONE;

    private int steps;
    private int batch;
    private int size;
    private int keys;
    private int width;
    private float scale;
    private boolean additive;

    AttentionCall(InnerLoops loops, Workers workers) {
        this.loops = loops;
        this.workers = workers;
    }

    private void open(
            Tensor queries,
            Tensor keyed,
            Tensor values,
            @Nullable IntTensor valid,
            @Nullable Tensor scoreWeights,
            Tensor attended) {
        steps = queries.dimension(0);
        batch = queries.dimension(1);
        size = queries.dimension(2);
        keys = keyed.dimension(0);
        width = values.dimension(2);
        scale = (float) (1 / Math.sqrt(size));
        lengths.open(valid, batch, keys);
        q.open(queries);
        k.open(keyed);
        v.open(values);
        weights.open(attended);
        additive = scoreWeights != null;
        if (scoreWeights != null) {
            u.open(scoreWeights);
        }
    }

    private void close() {
        q.close();
        k.close();
        v.close();
        u.close();
        weights.close();
        context.close();
        dq.close();
        dk.close();
        dv.close();
        du.close();
        lengths.close();
    }

    private long operations() {
        return (long) steps * batch * keys * ((additive ? 8L : 1L) * size + width);
    }

    /** Room for vectors of A values, in whole panels. */
    private float[] vectors(float[] borrowed, int count) {
        int needed = Sizes.product("attention", count, PackedMatrix.padded(size, loops.panel()), 1);
        return borrowed.length >= needed ? borrowed : new float[needed];
    }

    void forward(
            Tensor queries,
            Tensor keyed,
            Tensor values,
            @Nullable IntTensor valid,
            @Nullable Tensor scoreWeights,
            Tensor attended,
            Tensor result) {
        try {
            open(queries, keyed, values, valid, scoreWeights, attended);
            context.open(result);
            workers.pieces(operations(), batch, forward);
            weights.writeBack(attended);
            context.writeBack(result);
        } finally {
            close();
        }
    }

    private void forward(int n) {
        int length = lengths.of(n);
        float[] sum = vectors(scratch.borrow(), 1);
        for (int t = 0; t < steps; t++) {
            int query = q.offset + (t * batch + n) * size;
            int row = weights.offset + (t * batch + n) * keys;
            int to = context.offset + (t * batch + n) * width;
            float max = Float.NEGATIVE_INFINITY;
            for (int s = 0; s < length; s++) {
                float score = score(query, k.offset + (s * batch + n) * size, sum);
                weights.array[row + s] = score;
                max = Math.max(max, score);
            }
            float total = 0;
            for (int s = 0; s < length; s++) {
                float e = Activations.exp(weights.array[row + s] - max);
                weights.array[row + s] = e;
                total += e;
            }
            Arrays.fill(context.array, to, to + width, 0);
            for (int s = 0; s < length; s++) {
                float weight = weights.array[row + s] / total;
                weights.array[row + s] = weight;
                addTimes(context.array, to, weight, v.array, v.offset + (s * batch + n) * width, width);
            }
            Arrays.fill(weights.array, row + length, row + keys, 0);
        }
        scratch.giveBack(sum);
    }

    private float score(int query, int key, float[] sum) {
        if (!additive) {
            return scale * dot(q.array, query, k.array, key, size);
        }
        tanhOfSum(query, key, sum);
        return dot(u.array, u.offset, sum, 0, size);
    }

    /** {@code tanh(q + k)}. */
    private void tanhOfSum(int query, int key, float[] sum) {
        for (int a = 0; a < size; a++) {
            sum[a] = q.array[query + a] + k.array[key + a];
        }
        loops.tanh(sum, 0, PackedMatrix.padded(size, loops.panel()));
    }

    void backward(
            Tensor queries,
            Tensor keyed,
            Tensor values,
            @Nullable IntTensor valid,
            @Nullable Tensor scoreWeights,
            Tensor attended,
            Tensor dContext,
            Tensor dQueries,
            Tensor dKeys,
            Tensor dValues,
            @Nullable Tensor dScoreWeights) {
        try {
            open(queries, keyed, values, valid, scoreWeights, attended);
            context.open(dContext);
            dq.open(dQueries);
            dk.open(dKeys);
            dv.open(dValues);
            if (additive) {
                duRows = duRows.length >= (long) batch * size ? duRows : Sizes.floats("attention", batch, size, 1);
            }
            workers.pieces(2 * operations(), batch, backward);
            dq.writeBack(dQueries);
            dk.writeBack(dKeys);
            dv.writeBack(dValues);
            if (dScoreWeights != null) {
                du.open(dScoreWeights);
                for (int n = 0; n < batch; n++) {
                    addTimes(du.array, du.offset, 1, duRows, n * size, size);
                }
                du.writeBack(dScoreWeights);
            }
        } finally {
            close();
        }
    }

    private void backward(int n) {
        int length = lengths.of(n);
        float[] room = scratch.borrow();
        float[] sum = vectors(room, 1);
        if (additive) {
            Arrays.fill(duRows, n * size, (n + 1) * size, 0);
        }
        for (int t = 0; t < steps; t++) {
            int query = (t * batch + n) * size;
            int row = weights.offset + (t * batch + n) * keys;
            int from = context.offset + (t * batch + n) * width;
            Arrays.fill(dq.array, dq.offset + query, dq.offset + query + size, 0);
            // the mean of the gradients by the weights is that of the context with the context itself
            float mean = 0;
            for (int s = 0; s < length; s++) {
                mean += weights.array[row + s]
                        * dot(context.array, from, v.array, v.offset + (s * batch + n) * width, width);
            }
            for (int s = 0; s < length; s++) {
                int value = (s * batch + n) * width;
                int key = (s * batch + n) * size;
                float weight = weights.array[row + s];
                float dWeight = dot(context.array, from, v.array, v.offset + value, width);
                addTimes(dv.array, dv.offset + value, weight, context.array, from, width);
                scoreBackward(n, weight * (dWeight - mean), query, key, sum);
            }
        }
        scratch.giveBack(sum);
    }

    private void scoreBackward(int n, float dScore, int query, int key, float[] sum) {
        if (!additive) {
            addTimes(dq.array, dq.offset + query, scale * dScore, k.array, k.offset + key, size);
            addTimes(dk.array, dk.offset + key, scale * dScore, q.array, q.offset + query, size);
            return;
        }
        tanhOfSum(q.offset + query, k.offset + key, sum);
        addTimes(duRows, n * size, dScore, sum, 0, size);
        float[] us = Objects.requireNonNull(u.array);
        for (int a = 0; a < size; a++) {
            float dSum = dScore * us[u.offset + a] * (1 - sum[a] * sum[a]);
            dq.array[dq.offset + query + a] += dSum;
            dk.array[dk.offset + key + a] += dSum;
        }
    }

    /** Eight sums side by side, since one would wait for itself. */
    private static float dot(float[] a, int aOffset, float[] b, int bOffset, int count) {
        float s0 = 0;
        float s1 = 0;
        float s2 = 0;
        float s3 = 0;
        float s4 = 0;
        float s5 = 0;
        float s6 = 0;
        float s7 = 0;
        int i = 0;
        for (; i <= count - 8; i += 8) {
            s0 += a[aOffset + i] * b[bOffset + i];
            s1 += a[aOffset + i + 1] * b[bOffset + i + 1];
            s2 += a[aOffset + i + 2] * b[bOffset + i + 2];
            s3 += a[aOffset + i + 3] * b[bOffset + i + 3];
            s4 += a[aOffset + i + 4] * b[bOffset + i + 4];
            s5 += a[aOffset + i + 5] * b[bOffset + i + 5];
            s6 += a[aOffset + i + 6] * b[bOffset + i + 6];
            s7 += a[aOffset + i + 7] * b[bOffset + i + 7];
        }
        for (; i < count; i++) {
            s0 += a[aOffset + i] * b[bOffset + i];
        }
        return ((s0 + s1) + (s2 + s3)) + ((s4 + s5) + (s6 + s7));
    }

    /** {@code target += factor * source}. */
    private static void addTimes(float[] target, int to, float factor, float[] source, int from, int count) {
        for (int i = 0; i < count; i++) {
            target[to + i] += factor * source[from + i];
        }
    }
}
