package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.rondo.Attention;
import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@link Attention} with both scores. */
public abstract class AttentionContract extends BackendContract {
    /** For subclasses. */
    protected AttentionContract() {}

    /** One call: what it reads. */
    private static final class Case {
        final int steps;
        final int keys;
        final int batch;
        final int size;
        final int width;
        final double[] q;
        final double[] k;
        final double[] v;
        final double[] u;
        final int[] lengths;
        final boolean additive;

        Case(int steps, int keys, int batch, int size, int width, boolean additive) {
            Numbers numbers = new Numbers(31L * steps + keys);
            this.steps = steps;
            this.keys = keys;
            this.batch = batch;
            this.size = size;
            this.width = width;
            this.additive = additive;
            q = numbers.uniform(steps * batch * size, 1);
            k = numbers.uniform(keys * batch * size, 1);
            v = numbers.uniform(keys * batch * width, 1);
            u = numbers.uniform(size, 1);
            lengths = numbers.indices(batch, keys + 1);
            lengths[0] = keys;
            if (batch > 1) {
                lengths[1] = 0;
            }
        }

        /** The weights {@code [T,N,S]} by the definition. */
        double[] weights() {
            double[] weights = new double[steps * batch * keys];
            for (int t = 0; t < steps; t++) {
                for (int n = 0; n < batch; n++) {
                    double total = 0;
                    for (int s = 0; s < lengths[n]; s++) {
                        total += Math.exp(score(t, s, n));
                    }
                    for (int s = 0; s < lengths[n]; s++) {
                        weights[(t * batch + n) * keys + s] = Math.exp(score(t, s, n)) / total;
                    }
                }
            }
            return weights;
        }

        private double score(int t, int s, int n) {
            double sum = 0;
            for (int a = 0; a < size; a++) {
                double query = q[(t * batch + n) * size + a];
                double key = k[(s * batch + n) * size + a];
                sum += additive ? u[a] * Math.tanh(query + key) : query * key / Math.sqrt(size);
            }
            return sum;
        }

        double[] context() {
            double[] weights = weights();
            double[] context = new double[steps * batch * width];
            for (int t = 0; t < steps; t++) {
                for (int n = 0; n < batch; n++) {
                    for (int s = 0; s < keys; s++) {
                        for (int j = 0; j < width; j++) {
                            context[(t * batch + n) * width + j] +=
                                    weights[(t * batch + n) * keys + s] * v[(s * batch + n) * width + j];
                        }
                    }
                }
            }
            return context;
        }
    }

    private Tensor tensor(double[] values, int... shape) {
        return backend().tensor(shape).set(values);
    }

    private static double[] plus(double before, double... added) {
        double[] sum = added.clone();
        for (int i = 0; i < sum.length; i++) {
            sum[i] += before;
        }
        return sum;
    }

    @ParameterizedTest(name = "T {0}, S {1}, N {2}, A {3}, V {4}, additive {5}")
    @CsvSource({
        "1,1,1,1,1,false",
        "1,1,1,1,1,true",
        "3,5,4,7,6,false",
        "3,5,4,7,6,true",
        "2,17,3,33,9,false",
        "2,17,3,33,9,true",
        "4,3,2,8,70,true"
    })
    void contextAndGradients(int steps, int keys, int batch, int size, int width, boolean additive) {
        Case one = new Case(steps, keys, batch, size, width, additive);
        Attention attention = new Attention(backend());
        Tensor q = tensor(one.q, steps, batch, size);
        Tensor k = tensor(one.k, keys, batch, size);
        Tensor v = tensor(one.v, keys, batch, width);
        Tensor u = additive ? tensor(one.u, size) : null;
        IntTensor lengths = backend().intTensor(batch).set(one.lengths);
        Tensor weights = backend().tensor(steps, batch, keys).fill(Double.NaN);
        Tensor context = backend().tensor(steps, batch, width).fill(Double.NaN);
        attention.forward(q, k, v, lengths, u, weights, context);
        forward().check("weights", one.weights(), weights.toDoubles());
        forward().check("context", one.context(), context.toDoubles());

        double[] dContext = new Numbers(7).uniform(steps * batch * width, 1);
        Tensor dq = backend().tensor(steps, batch, size).fill(Double.NaN);
        Tensor dk = backend().tensor(keys, batch, size).fill(0.5);
        Tensor dv = backend().tensor(keys, batch, width).fill(0.25);
        Tensor du = additive ? backend().tensor(size).fill(0.125) : null;
        attention.backward(q, k, v, lengths, u, weights, tensor(dContext, steps, batch, width), dq, dk, dv, du);
        differences().check("dq", gradient(one, one.q, dContext), dq.toDoubles());
        differences().check("dk", plus(0.5, gradient(one, one.k, dContext)), dk.toDoubles());
        differences().check("dv", plus(0.25, gradient(one, one.v, dContext)), dv.toDoubles());
        if (du != null) {
            differences().check("du", plus(0.125, gradient(one, one.u, dContext)), du.toDoubles());
        }
    }

    private static double[] gradient(Case one, double[] variable, double[] dContext) {
        return Differences.of(variable, () -> RnnCase.dot(one.context(), dContext));
    }

    /** Whatever stands past the lengths, and large scores, do no harm; without lengths all keys count. */
    @Test
    void lengthsHideWhatIsBehindThem() {
        Attention attention = new Attention(backend());
        Tensor q = tensor(new double[] {1000, -1000}, 1, 2, 1);
        Tensor k = tensor(new double[] {1, 1, 2, 2, Double.NaN, Double.NaN}, 3, 2, 1);
        Tensor v = tensor(new double[] {3, 5, 4, 6, Double.NaN, Double.NaN}, 3, 2, 1);
        Tensor weights = backend().tensor(1, 2, 3);
        Tensor context = backend().tensor(1, 2, 1);
        attention.forward(q, k, v, backend().intTensor(2).set(2, 2), null, weights, context);
        assertArrayEquals(new double[] {0, 1, 0, 1, 0, 0}, weights.toDoubles());
        assertArrayEquals(new double[] {4, 5}, context.toDoubles());
        Tensor same = backend().tensor(1, 2, 2);
        attention.forward(q, k.view(0, 2, 2, 1), v.view(0, 2, 2, 1), null, null, same, context.fill(Double.NaN));
        assertArrayEquals(new double[] {4, 5}, context.toDoubles());
    }

    @Test
    void wrongArgumentsAreNamed() {
        Attention attention = new Attention(backend());
        Tensor q = backend().tensor(2, 3, 4);
        Tensor k = backend().tensor(5, 3, 4);
        Tensor weights = backend().tensor(2, 3, 5);
        Tensor context = backend().tensor(2, 3, 4);
        Refusal.illegalArgument(
                () -> attention.forward(q, backend().tensor(5, 3, 3), k, null, null, weights, context),
                "k: expected shape [S,N,A]");
        Refusal.illegalArgument(
                () -> attention.forward(q, k, k, backend().intTensor(3).set(5, 6, 0), null, weights, context),
                "lengths[1]: expected 0 to 5, got 6");
        Refusal.illegalArgument(
                () -> attention.forward(q, k, k, backend().intTensor(2), null, weights, context),
                "lengths: expected 3 elements");
        Refusal.illegalArgument(
                () -> attention.forward(q, k, k, null, backend().tensor(3), weights, context), "u: expected shape [A]");
        Refusal.illegalArgument(
                () -> attention.forward(q, k, k, null, null, weights, q), "context: expected memory apart from q");
        Refusal.illegalArgument(
                () -> attention.backward(q, k, k, null, null, weights, context, q, k, k, null),
                "dq: expected memory apart from q");
        Refusal.illegalArgument(
                () -> attention.backward(
                        q,
                        k,
                        k,
                        null,
                        null,
                        weights,
                        context,
                        backend().tensor(2, 3, 4),
                        backend().tensor(5, 3, 4),
                        backend().tensor(5, 3, 4),
                        backend().tensor(4)),
                "du: expected null");
    }
}
