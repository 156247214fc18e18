package dev.rondo.layout;

import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.WeightRole;
import dev.rondo.internal.Arguments;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * Converts between the layout of ONNX and Rondo's, for one layer. All arrays are row-major.
 *
 * <table>
 * <caption>The two layouts</caption>
 * <tr><th></th><th>ONNX</th><th>ONNX, layout 1</th><th>Rondo</th></tr>
 * <tr><td>input</td><td>X [T,N,I]</td><td>[N,T,I]</td><td>x [T,N,I]</td></tr>
 * <tr><td>output</td><td>Y [T,D,N,H]</td><td>[N,T,D,H]</td><td>y [T,N,D*H]</td></tr>
 * <tr><td>states</td><td>[D,N,H]</td><td>[N,D,H]</td><td>[D,N,H]</td></tr>
 * <tr><td>input weights</td><td>W [D,G*H,I]</td><td>the same</td><td>weight_ih [G*H,I] per direction</td></tr>
 * <tr><td>recurrent weights</td><td>R [D,G*H,H]</td><td>the same</td><td>weight_hh [G*H,H] per direction</td></tr>
 * <tr><td>biases</td><td>B [D,2*G*H]</td><td>the same</td><td>bias_ih [G*H], bias_hh [G*H] per direction</td></tr>
 * <tr><td>gates of LSTM</td><td>i o f c</td><td>the same</td><td>i f g o</td></tr>
 * <tr><td>gates of GRU</td><td>z r h</td><td>the same</td><td>r z n</td></tr>
 * </table>
 *
 * <p>A gradient has the layout of what it is the gradient of.
 */
public final class OnnxLayout {
    private final RnnSpec spec;
    private final int steps;
    private final int batch;
    private final boolean batchMajor;
    private final GateOrder gates;

    /**
     * The layouts of a call.
     *
     * @param spec a network of one layer
     * @param steps T
     * @param batch N
     * @param batchMajor whether ONNX's arrays are in layout 1
     * @throws IllegalArgumentException if there is more than one layer, or ONNX does not have the cell
     */
    public OnnxLayout(RnnSpec spec, int steps, int batch, boolean batchMajor) {
        this.spec = Arguments.notNull("spec", spec);
        this.steps = Arguments.positive("steps", steps);
        this.batch = Arguments.positive("batch", batch);
        this.batchMajor = batchMajor;
        if (spec.layers() != 1) {
            throw new IllegalArgumentException("spec: expected one layer, got " + spec.layers());
        }
        this.gates = ForeignLayout.ONNX
                .gates(spec.cell())
                .orElseThrow(() -> new IllegalArgumentException("cell: expected one of ONNX, got " + spec.cell()));
    }

    /**
     * The network.
     *
     * @return its description
     */
    public RnnSpec spec() {
        return spec;
    }

    /**
     * X to x.
     *
     * @param x {@code [T,N,I]}, or {@code [N,T,I]} in layout 1
     * @return {@code [T,N,I]}
     * @throws IllegalArgumentException if the array has another length
     */
    public double[] inputToRondo(double[] x) {
        require("x", x, steps, batch, spec.inputSize());
        return batchMajor ? transpose(x, new int[] {batch, steps, spec.inputSize()}, 1, 0, 2) : x;
    }

    /**
     * x to X.
     *
     * @param x {@code [T,N,I]}
     * @return {@code [T,N,I]}, or {@code [N,T,I]} in layout 1
     * @throws IllegalArgumentException if the array has another length
     */
    public double[] inputToOnnx(double[] x) {
        require("x", x, steps, batch, spec.inputSize());
        return batchMajor ? transpose(x, new int[] {steps, batch, spec.inputSize()}, 1, 0, 2) : x;
    }

    /**
     * Y to y.
     *
     * @param y {@code [T,D,N,H]}, or {@code [N,T,D,H]} in layout 1
     * @return {@code [T,N,D*H]}
     * @throws IllegalArgumentException if the array has another length
     */
    public double[] outputToRondo(double[] y) {
        require("y", y, steps, batch, spec.outputSize());
        int directions = spec.directions();
        int hidden = spec.hiddenSize();
        return batchMajor
                ? transpose(y, new int[] {batch, steps, directions, hidden}, 1, 0, 2, 3)
                : transpose(y, new int[] {steps, directions, batch, hidden}, 0, 2, 1, 3);
    }

    /**
     * y to Y.
     *
     * @param y {@code [T,N,D*H]}
     * @return {@code [T,D,N,H]}, or {@code [N,T,D,H]} in layout 1
     * @throws IllegalArgumentException if the array has another length
     */
    public double[] outputToOnnx(double[] y) {
        require("y", y, steps, batch, spec.outputSize());
        int[] shape = {steps, batch, spec.directions(), spec.hiddenSize()};
        return batchMajor ? transpose(y, shape, 1, 0, 2, 3) : transpose(y, shape, 0, 2, 1, 3);
    }

    /**
     * initial_h, Y_h and their like to h.
     *
     * @param state {@code [D,N,H]}, or {@code [N,D,H]} in layout 1
     * @return {@code [D,N,H]}
     * @throws IllegalArgumentException if the array has another length
     */
    public double[] stateToRondo(double[] state) {
        require("state", state, spec.directions(), batch, spec.hiddenSize());
        return batchMajor ? transpose(state, new int[] {batch, spec.directions(), spec.hiddenSize()}, 1, 0, 2) : state;
    }

    /**
     * h to initial_h, Y_h and their like.
     *
     * @param state {@code [D,N,H]}
     * @return {@code [D,N,H]}, or {@code [N,D,H]} in layout 1
     * @throws IllegalArgumentException if the array has another length
     */
    public double[] stateToOnnx(double[] state) {
        require("state", state, spec.directions(), batch, spec.hiddenSize());
        return batchMajor ? transpose(state, new int[] {spec.directions(), batch, spec.hiddenSize()}, 1, 0, 2) : state;
    }

    /**
     * W, R and B to weights.
     *
     * @param weights receives them
     * @param w {@code [D,G*H,I]}
     * @param r {@code [D,G*H,H]}
     * @param b {@code [D,2*G*H]}; null for biases of zero, and where the network has none
     * @throws IllegalArgumentException if an array has another length, or the weights are of another network
     */
    public void setWeights(RnnParameters weights, double[] w, double[] r, double @Nullable [] b) {
        int rows = spec.gateRows();
        requireOwn(weights);
        require("w", w, spec.directions(), rows, spec.inputSize());
        require("r", r, spec.directions(), rows, spec.hiddenSize());
        if (b != null && !spec.bias()) {
            throw new IllegalArgumentException("b: expected null, since the network has no biases, got an array");
        }
        if (b != null) {
            require("b", b, spec.directions(), 2, rows);
        }
        for (int d = 0; d < spec.directions(); d++) {
            int inputs = rows * spec.inputSize();
            int states = rows * spec.hiddenSize();
            set(weights, d, WeightRole.INPUT, gates.toRondo(w, d * inputs, inputs));
            set(weights, d, WeightRole.RECURRENT, gates.toRondo(r, d * states, states));
            if (spec.bias()) {
                double[] biases = b == null ? new double[spec.directions() * 2 * rows] : b;
                set(weights, d, WeightRole.BIAS_INPUT, gates.toRondo(biases, 2 * d * rows, rows));
                set(weights, d, WeightRole.BIAS_RECURRENT, gates.toRondo(biases, (2 * d + 1) * rows, rows));
            }
        }
    }

    /**
     * Weights to W.
     *
     * @param weights of the network
     * @return {@code [D,G*H,I]}
     * @throws IllegalArgumentException if the weights are of another network
     */
    public double[] inputWeights(RnnParameters weights) {
        return gather(weights, WeightRole.INPUT);
    }

    /**
     * Weights to R.
     *
     * @param weights of the network
     * @return {@code [D,G*H,H]}
     * @throws IllegalArgumentException if the weights are of another network
     */
    public double[] recurrentWeights(RnnParameters weights) {
        return gather(weights, WeightRole.RECURRENT);
    }

    /**
     * Weights to B.
     *
     * @param weights of a network with biases
     * @return {@code [D,2*G*H]}
     * @throws IllegalArgumentException if the weights are of another network, or it has no biases
     */
    public double[] biases(RnnParameters weights) {
        if (!spec.bias()) {
            throw new IllegalArgumentException("weights: expected those of a network with biases, got " + spec);
        }
        return gather(weights, WeightRole.BIAS_INPUT, WeightRole.BIAS_RECURRENT);
    }

    private static void set(RnnParameters weights, int d, WeightRole role, double[] values) {
        weight(weights, d, role).set(values);
    }

    private static Tensor weight(RnnParameters weights, int d, WeightRole role) {
        return Objects.requireNonNull(weights.tensor(0, d, role));
    }

    private static void require(String name, double[] values, int... shape) {
        long size = Arguments.size(name, shape);
        if (Arguments.notNull(name, values).length != size) {
            throw new IllegalArgumentException(name + ": expected " + size + " elements, got " + values.length);
        }
    }

    private void requireOwn(RnnParameters weights) {
        if (!Arguments.notNull("weights", weights).spec().sharesWeightsWith(spec)) {
            throw new IllegalArgumentException("weights: expected those of " + spec + ", got " + weights.spec());
        }
    }

    private double[] gather(RnnParameters weights, WeightRole... roles) {
        requireOwn(weights);
        double[] onnx = new double[0];
        int filled = 0;
        for (int d = 0; d < spec.directions(); d++) {
            for (WeightRole role : roles) {
                double[] part = weight(weights, d, role).toDoubles();
                if (filled == 0) {
                    onnx = new double[spec.directions() * roles.length * part.length];
                }
                gates.toForeign(part, onnx, filled);
                filled += part.length;
            }
        }
        return onnx;
    }

    /** Reorders indices: index k of the result is index {@code axes[k]} of the given array. */
    private static double[] transpose(double[] values, int[] shape, int... axes) {
        int rank = axes.length;
        int[] strides = new int[rank];
        int stride = 1;
        for (int axis = rank - 1; axis >= 0; axis--) {
            strides[axis] = stride;
            stride *= shape[axis];
        }
        double[] result = new double[values.length];
        int[] index = new int[rank];
        for (int place = 0; place < result.length; place++) {
            int from = 0;
            for (int k = 0; k < rank; k++) {
                from += index[k] * strides[axes[k]];
            }
            result[place] = values[from];
            for (int k = rank - 1; k >= 0 && ++index[k] == shape[axes[k]]; k--) {
                index[k] = 0;
            }
        }
        return result;
    }
}
