package dev.rondo.contract;

import dev.rondo.RnnSpec;
import java.util.SplittableRandom;
import org.jspecify.annotations.Nullable;

/**
 * A second oracle, forward only: the equations of {@link dev.rondo.Cell} one scalar after the other, as a recursion
 * from a state to the one before it. It shares no code with any backend, and finds the weights and the masks of dropout
 * by itself.
 */
final class NaiveNetwork {
    private final RnnCase call;
    private final RnnSpec spec;
    private final double[] weights;
    private final int hidden;
    private final double[][][][][] states;
    private final double[][][][] inputs;
    private final double @Nullable [] mask;
    private double distanceFromKink = Double.POSITIVE_INFINITY;

    NaiveNetwork(RnnCase call) {
        this.call = call;
        this.spec = call.spec;
        this.weights = call.weights;
        this.hidden = spec.hiddenSize();
        this.states = new double[spec.layers()][spec.directions()][call.batch][call.steps + 1][];
        this.inputs = new double[spec.layers()][call.steps][call.batch][];
        this.mask = spec.dropout() == 0 ? null : mask();
    }

    /** The JDK's SplittableRandom is the SplitMix64 of {@link dev.rondo.spi.Dropout}. */
    private double[] mask() {
        SplittableRandom random = new SplittableRandom(call.dropoutSeed);
        double[] factors = new double[(spec.layers() - 1) * call.steps * call.batch * spec.outputSize()];
        for (int i = 0; i < factors.length; i++) {
            double uniform = (random.nextLong() >>> 40) / (double) (1 << 24);
            factors[i] = uniform < spec.dropout() ? 0 : 1 / (1 - spec.dropout());
        }
        return factors;
    }

    /** {@code [T,N,D*H]}, 0 past the lengths. */
    double[] y() {
        double[] y = new double[call.steps * call.batch * spec.outputSize()];
        for (int n = 0; n < call.batch; n++) {
            for (int t = 0; t < call.length(n); t++) {
                double[] row = output(spec.layers() - 1, t, n);
                System.arraycopy(row, 0, y, (t * call.batch + n) * row.length, row.length);
            }
        }
        return y;
    }

    StateValues last() {
        StateValues last = StateValues.filled(spec, call.batch, Double.NaN);
        for (int state = 0; state < spec.stateCount(); state++) {
            for (int n = 0; n < call.batch; n++) {
                double[] hc = after(state / spec.directions(), state % spec.directions(), n, call.length(n));
                int place = (state * call.batch + n) * hidden;
                System.arraycopy(hc, 0, last.h(), place, hidden);
                if (spec.cell().hasCellState()) {
                    System.arraycopy(hc, hidden, last.c(), place, hidden);
                }
            }
        }
        return last;
    }

    /** The smallest distance of a pre-activation of RNN_RELU from 0. */
    double distanceFromKink() {
        y();
        last();
        return distanceFromKink;
    }

    /** The output of a layer at a valid time. */
    private double[] output(int layer, int t, int n) {
        double[] y = new double[spec.outputSize()];
        for (int d = 0; d < spec.directions(); d++) {
            int stepsDone = spec.direction().isReverse(d) ? call.length(n) - t : t + 1;
            System.arraycopy(after(layer, d, n, stepsDone), 0, y, d * hidden, hidden);
        }
        return y;
    }

    private double[] input(int layer, int t, int n) {
        double[] known = inputs[layer][t][n];
        if (known != null) {
            return known;
        }
        double[] x = new double[spec.inputSize(layer)];
        if (layer == 0) {
            System.arraycopy(call.x, (t * call.batch + n) * x.length, x, 0, x.length);
        } else {
            double[] below = output(layer - 1, t, n);
            for (int j = 0; j < x.length; j++) {
                int element = (((layer - 1) * call.steps + t) * call.batch + n) * x.length + j;
                x[j] = below[j] * (mask == null ? 1 : mask[element]);
            }
        }
        inputs[layer][t][n] = x;
        return x;
    }

    /** h, and c behind it, of a row after so many of its steps. */
    private double[] after(int layer, int d, int n, int stepsDone) {
        double[] known = states[layer][d][n][stepsDone];
        if (known != null) {
            return known;
        }
        double[] hc = new double[2 * hidden];
        if (stepsDone == 0) {
            StateValues initial = call.initial;
            int place = ((layer * spec.directions() + d) * call.batch + n) * hidden;
            if (initial != null) {
                System.arraycopy(initial.h(), place, hc, 0, hidden);
                System.arraycopy(initial.c(), initial.c().length == 0 ? 0 : place, hc, hidden, cells(initial));
            }
        } else {
            int t = spec.direction().isReverse(d) ? call.length(n) - stepsDone : stepsDone - 1;
            double[] before = after(layer, d, n, stepsDone - 1);
            for (int j = 0; j < hidden; j++) {
                step(new Row(layer, d, input(layer, t, n), before), j, hc);
            }
        }
        states[layer][d][n][stepsDone] = hc;
        return hc;
    }

    private int cells(StateValues state) {
        return state.c().length == 0 ? 0 : hidden;
    }

    /** Element j of the equations. */
    private void step(Row row, int j, double[] next) {
        double h = row.before[j];
        switch (spec.cell()) {
            case RNN_TANH -> next[j] = Math.tanh(row.wx(0, j) + row.uh(0, j));
            case RNN_RELU -> {
                double a = row.wx(0, j) + row.uh(0, j);
                distanceFromKink = Math.min(distanceFromKink, Math.abs(a));
                next[j] = Math.max(a, 0);
            }
            case LSTM -> {
                double i = sigmoid(row.wx(0, j) + row.uh(0, j));
                double f = sigmoid(row.wx(1, j) + row.uh(1, j));
                double g = Math.tanh(row.wx(2, j) + row.uh(2, j));
                double o = sigmoid(row.wx(3, j) + row.uh(3, j));
                double c = f * row.before[hidden + j] + i * g;
                next[j] = o * Math.tanh(c);
                next[hidden + j] = c;
            }
            case GRU -> {
                double r = sigmoid(row.wx(0, j) + row.uh(0, j));
                double z = sigmoid(row.wx(1, j) + row.uh(1, j));
                double n = Math.tanh(row.wx(2, j) + r * row.uh(2, j));
                next[j] = (1 - z) * n + z * h;
            }
            case GRU_RESET_BEFORE -> {
                double[] p = new double[hidden];
                for (int k = 0; k < hidden; k++) {
                    p[k] = sigmoid(row.wx(0, k) + row.uh(0, k)) * row.before[k];
                }
                double z = sigmoid(row.wx(1, j) + row.uh(1, j));
                double n = Math.tanh(row.wx(2, j) + row.u(2, j, p));
                next[j] = (1 - z) * n + z * h;
            }
        }
    }

    private static double sigmoid(double a) {
        return 0.5 + 0.5 * Math.tanh(0.5 * a);
    }

    /** What one step of one row reads. */
    private final class Row {
        private final double[] x;
        private final double[] before;
        private final int w;
        private final int u;
        private final int b;
        private final int bu;

        Row(int layer, int d, double[] x, double[] before) {
            int rows = spec.cell().gates() * hidden;
            int place = 0;
            for (int part = 0; part < layer * spec.directions() + d; part++) {
                int columns = part < spec.directions() ? spec.inputSize() : spec.directions() * hidden;
                place += rows * (columns + hidden + (spec.bias() ? 2 : 0));
            }
            this.x = x;
            this.before = before;
            this.w = place;
            this.u = w + rows * x.length;
            this.b = u + rows * hidden;
            this.bu = b + rows;
        }

        /** {@code W_k x + b_k}, element j. */
        double wx(int k, int j) {
            double sum = spec.bias() ? weights[b + k * hidden + j] : 0;
            for (int i = x.length - 1; i >= 0; i--) {
                sum += weights[w + (k * hidden + j) * x.length + i] * x[i];
            }
            return sum;
        }

        /** {@code U_k h + u_k}, element j. */
        double uh(int k, int j) {
            return u(k, j, before);
        }

        /** {@code U_k v + u_k}, element j. */
        double u(int k, int j, double[] v) {
            double sum = spec.bias() ? weights[bu + k * hidden + j] : 0;
            for (int i = hidden - 1; i >= 0; i--) {
                sum += weights[u + (k * hidden + j) * hidden + i] * v[i];
            }
            return sum;
        }
    }
}
