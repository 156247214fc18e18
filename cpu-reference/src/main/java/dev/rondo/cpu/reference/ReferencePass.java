package dev.rondo.cpu.reference;

import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.spi.Dropout;
import dev.rondo.spi.RnnBackwardCall;
import dev.rondo.spi.RnnCall;
import dev.rondo.spi.RnnPass;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** One pass through the stack of layers and directions. */
final class ReferencePass implements RnnPass {
    private final RnnSpec spec;
    private final RnnCall call;
    private final boolean training;
    private final int steps;
    private final int batch;
    private final int[] lengths;
    private final List<LayerPass> passes = new ArrayList<>();

    ReferencePass(RnnSpec spec, RnnCall call, boolean training) {
        this.spec = spec;
        this.call = call;
        this.training = training;
        this.steps = call.steps();
        this.batch = call.batch();
        int[] given = call.lengths();
        this.lengths = given != null ? given.clone() : allOf(steps, batch);
    }

    private static int[] allOf(int steps, int batch) {
        int[] all = new int[batch];
        Arrays.fill(all, steps);
        return all;
    }

    void forward() {
        double[][][] h0 = readH(call.initial());
        double[][][] c0 = readC(call.initial());
        Sequence sequence = Sequence.read(call.x(), lengths, spec.inputSize());
        double[][][] output = new double[0][0][0];
        for (int layer = 0; layer < spec.layers(); layer++) {
            output = new double[steps][batch][spec.outputSize()];
            for (int d = 0; d < spec.directions(); d++) {
                Weights weights = Weights.read(call.weights(), layer, d);
                double[][] condition = readCondition(layer, d);
                LayerPass pass = new LayerPass(spec, layer, d, weights, sequence, lengths, condition, steps);
                int state = layer * spec.directions() + d;
                pass.forward(h0[state], c0[state], output);
                passes.add(pass);
            }
            if (training && layer < spec.layers() - 1) {
                dropOut(output, layer);
            }
            sequence = Sequence.of(output);
        }
        Tensor y = call.y();
        if (y != null) {
            y.set(Sequence.flatten(output));
        }
        RnnState last = call.last();
        if (last != null) {
            double[][][] lastH = new double[spec.stateCount()][batch][];
            double[][][] lastC = new double[spec.stateCount()][batch][];
            for (int state = 0; state < spec.stateCount(); state++) {
                for (int n = 0; n < batch; n++) {
                    lastH[state][n] = passes.get(state).lastH(n);
                    lastC[state][n] = passes.get(state).lastC(n);
                }
            }
            write(last, lastH, lastC);
        }
    }

    @Override
    public void backward(RnnBackwardCall backward) {
        double[][][] dh = readH(backward.dLast());
        double[][][] dc = readC(backward.dLast());
        Tensor dy = backward.dy();
        double[][][] dOutput = dy != null
                ? Sequence.unflatten(dy.toDoubles(), steps, batch, spec.outputSize())
                : new double[steps][batch][spec.outputSize()];
        RnnParameters gradients = backward.gradients();
        for (int layer = spec.layers() - 1; layer >= 0; layer--) {
            double[][][] dLayerInput = new double[steps][batch][spec.inputSize(layer)];
            for (int d = 0; d < spec.directions(); d++) {
                int state = layer * spec.directions() + d;
                Weights layerGradients = Weights.zero(spec, layer, d);
                passes.get(state).backward(dOutput, dh[state], dc[state], dLayerInput, layerGradients);
                if (gradients != null) {
                    layerGradients.addTo(gradients, layer, d);
                }
            }
            if (layer > 0) {
                dropOut(dLayerInput, layer - 1);
            }
            dOutput = dLayerInput;
        }
        Tensor dx = backward.dx();
        if (dx != null) {
            dx.set(Sequence.flatten(dOutput));
        }
        Tensor dCondition = backward.dCondition();
        if (dCondition != null) {
            writeDCondition(dCondition);
        }
        RnnState dInitial = backward.dInitial();
        if (dInitial != null) {
            write(dInitial, dh, dc);
        }
    }

    /** Multiplies the output of a layer, or the gradient by it, by the mask of dropout. */
    private void dropOut(double[][][] output, int layer) {
        if (spec.dropout() == 0) {
            return;
        }
        int size = spec.outputSize();
        for (int t = 0; t < steps; t++) {
            for (int n = 0; n < batch; n++) {
                for (int j = 0; j < size; j++) {
                    long counter = Dropout.counter(layer, steps, t, batch, n, size, j);
                    output[t][n][j] *= Dropout.factor(call.dropoutSeed(), counter, spec.dropout());
                }
            }
        }
    }

    /** What is added to the input products of a layer and direction {@code [N][G*H]}: only the first layer has something. */
    private double[][] readCondition(int layer, int d) {
        double[][] part = new double[batch][spec.gateRows()];
        Tensor condition = call.condition();
        if (condition != null && layer == 0) {
            double[] all = condition.toDoubles();
            for (int n = 0; n < batch; n++) {
                Products.add(part[n], 0, all, conditionAt(n, d), spec.gateRows());
            }
        }
        return part;
    }

    private void writeDCondition(Tensor dCondition) {
        double[] all = new double[dCondition.size()];
        for (int d = 0; d < spec.directions(); d++) {
            for (int n = 0; n < batch; n++) {
                Products.add(all, conditionAt(n, d), passes.get(d).dCondition()[n], 0, spec.gateRows());
            }
        }
        dCondition.set(all);
    }

    /** Where the part of a row and direction begins in {@code [N,D*G*H]}. */
    private int conditionAt(int n, int d) {
        return (n * spec.directions() + d) * spec.gateRows();
    }

    private double[][][] readH(@Nullable RnnState state) {
        return read(state == null ? null : state.h(), spec.hiddenStateSize());
    }

    private double[][][] readC(@Nullable RnnState state) {
        return read(state == null ? null : state.c(), spec.cellStateSize());
    }

    /** Zero where there is none. */
    private double[][][] read(@Nullable Tensor part, int width) {
        return part != null
                ? Sequence.unflatten(part.toDoubles(), spec.stateCount(), batch, width)
                : new double[spec.stateCount()][batch][width];
    }

    private static void write(RnnState state, double[][][] h, double[][][] c) {
        state.h().set(Sequence.flatten(h));
        Tensor cellState = state.c();
        if (cellState != null) {
            cellState.set(Sequence.flatten(c));
        }
    }

    @Override
    public void close() {
        passes.clear();
    }
}
