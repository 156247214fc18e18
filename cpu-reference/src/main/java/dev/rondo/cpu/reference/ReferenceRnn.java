package dev.rondo.cpu.reference;

import dev.rondo.Input;
import dev.rondo.IntTensor;
import dev.rondo.Mode;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.spi.Dropout;
import dev.rondo.spi.RnnKernel;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The stack of layers and directions. */
final class ReferenceRnn implements RnnKernel {
    private final RnnSpec spec;
    private Input input = Tensor.wrap(new float[1], 1);
    private int[] lengths = new int[0];
    private int steps;
    private long dropoutSeed;
    private final List<LayerPass> passes = new ArrayList<>();

    ReferenceRnn(RnnSpec spec) {
        this.spec = spec;
    }

    @Override
    public void forward(
            Mode mode,
            long seed,
            RnnParameters weights,
            Input x,
            int @Nullable [] rowLengths,
            @Nullable RnnState initial,
            @Nullable Tensor y,
            @Nullable RnnState last) {
        input = x;
        steps = x.dimension(0);
        dropoutSeed = seed;
        int batch = x.dimension(1);
        lengths = rowLengths != null ? rowLengths.clone() : allOf(steps, batch);
        double[][][] h0 = read(initial == null ? null : initial.h(), batch);
        double[][][] c0 = read(initial == null ? null : initial.c(), batch);
        Sequence sequence = Sequence.read(x, lengths, spec.inputSize());
        double[][][] output = new double[0][0][0];
        passes.clear();
        for (int layer = 0; layer < spec.layers(); layer++) {
            output = new double[steps][batch][spec.outputSize()];
            for (int d = 0; d < spec.directions(); d++) {
                Weights layerWeights = Weights.read(weights, layer, d);
                LayerPass pass = new LayerPass(spec, layer, d, layerWeights, sequence, lengths, steps);
                int state = layer * spec.directions() + d;
                pass.forward(h0[state], c0[state], output);
                passes.add(pass);
            }
            if (mode == Mode.TRAINING && layer < spec.layers() - 1) {
                dropOut(output, layer);
            }
            sequence = Sequence.of(output);
        }
        if (y != null) {
            y.set(Sequence.flatten(output));
        }
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
    public void backward(
            @Nullable Tensor dy,
            @Nullable RnnState dLast,
            @Nullable Tensor dx,
            @Nullable RnnState dInitial,
            @Nullable RnnParameters gradients) {
        int batch = lengths.length;
        double[][][] dh = read(dLast == null ? null : dLast.h(), batch);
        double[][][] dc = read(dLast == null ? null : dLast.c(), batch);
        double[][][] dOutput = dy != null
                ? Sequence.unflatten(dy.toDoubles(), steps, batch, spec.outputSize())
                : new double[steps][batch][spec.outputSize()];
        for (int layer = spec.layers() - 1; layer >= 0; layer--) {
            double[][][] dLayerInput = new double[steps][batch][spec.inputSize(layer)];
            for (int d = 0; d < spec.directions(); d++) {
                int state = layer * spec.directions() + d;
                Weights layerGradients = Weights.zero(spec, layer);
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
        if (dx != null && !(input instanceof IntTensor)) {
            dx.set(Sequence.flatten(dOutput));
        }
        if (dInitial != null) {
            write(dInitial, dh, dc);
        }
        passes.clear();
    }

    /** Multiplies the output of a layer, or the gradient by it, by the mask of dropout. */
    private void dropOut(double[][][] output, int layer) {
        if (spec.dropout() == 0) {
            return;
        }
        int batch = lengths.length;
        int size = spec.outputSize();
        for (int t = 0; t < steps; t++) {
            for (int n = 0; n < batch; n++) {
                for (int j = 0; j < size; j++) {
                    long counter = Dropout.counter(layer, steps, t, batch, n, size, j);
                    output[t][n][j] *= Dropout.factor(dropoutSeed, counter, spec.dropout());
                }
            }
        }
    }

    private double[][][] read(@Nullable Tensor state, int batch) {
        int hidden = spec.hiddenSize();
        return state != null
                ? Sequence.unflatten(state.toDoubles(), spec.stateCount(), batch, hidden)
                : new double[spec.stateCount()][batch][hidden];
    }

    private static void write(RnnState state, double[][][] h, double[][][] c) {
        state.h().set(Sequence.flatten(h));
        Tensor cellState = state.c();
        if (cellState != null) {
            cellState.set(Sequence.flatten(c));
        }
    }

    private static int[] allOf(int steps, int batch) {
        int[] all = new int[batch];
        Arrays.fill(all, steps);
        return all;
    }

    @Override
    public void close() {
        passes.clear();
    }
}
