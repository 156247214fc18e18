package dev.rondo.cpu;

import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.WeightRole;
import dev.rondo.spi.RnnBackwardCall;
import java.util.ArrayList;
import java.util.List;

/**
 * The backward passes of a network, one at a time, with the memory for gradients. First all layers over all steps, backwards, each
 * worker for its share; then the gradients of the weights, as pieces of work.
 */
final class BackwardPass implements Workers.Task {
    private final CpuRnn rnn;
    private final RnnSpec spec;
    private final Workers workers;
    private final List<LayerGradients> gradients = new ArrayList<>();
    private final List<WeightGradients> weightGradients = new ArrayList<>();
    private final int[][] offsets;

    /** Gradients by the outputs of the layers below the last one {@code [T][N][D*Hp]}, two in turn. */
    private final float[][] dOutputs;

    private final HostArray dyArray = new HostArray();
    private final HostArray dxArray = new HostArray();
    private final HostArray dConditionArray = new HostArray();
    private final HostArray weightArray = new HostArray();
    private final StateArrays state;
    private final Workers.Piece gradientPiece = this::gradientPiece;
    private final Workers.Piece addPiece = this::addPiece;

    private CpuPass pass;
    private int active = 1;
    private int dyRow;
    private boolean wantDx;
    private boolean wantDCondition;

    /**
     * Allocates.
     *
     * @param rnn the network
     * @param first a pass of it
     */
    BackwardPass(CpuRnn rnn, CpuPass first) {
        this.rnn = rnn;
        this.pass = first;
        this.spec = rnn.spec;
        this.workers = rnn.workers;
        this.state = new StateArrays(spec);
        this.offsets = offsets(spec);
        for (LayerPass each : first.passes()) {
            gradients.add(new LayerGradients(each.b, rnn.maxSteps, rnn.maxBatch));
            weightGradients.add(new WeightGradients(each));
        }
        this.dOutputs = new float[Math.min(2, spec.layers() - 1)][];
        for (int i = 0; i < dOutputs.length; i++) {
            dOutputs[i] = Sizes.floats("gradients", rnn.maxSteps, rnn.maxBatch, rnn.outputRow);
        }
    }

    /** For each layer and direction where the weights of each role begin; -1 where there are none. */
    private static int[][] offsets(RnnSpec spec) {
        int[][] offsets = new int[spec.stateCount()][];
        for (int i = 0; i < offsets.length; i++) {
            int layer = i / spec.directions();
            int d = i % spec.directions();
            offsets[i] = new int[] {
                LayerWeights.offset(spec, layer, d, WeightRole.INPUT),
                LayerWeights.offset(spec, layer, d, WeightRole.RECURRENT),
                LayerWeights.offset(spec, layer, d, WeightRole.BIAS_INPUT),
                LayerWeights.offset(spec, layer, d, WeightRole.BIAS_RECURRENT)
            };
        }
        return offsets;
    }

    private float[] dOutputs(int layer) {
        return dOutputs[layer % dOutputs.length];
    }

    void run(CpuPass open, RnnBackwardCall call) {
        pass = open;
        Tensor dy = call.dy();
        Tensor dx = call.dx();
        Tensor dCondition = call.dCondition();
        RnnState dInitial = call.dInitial();
        RnnParameters dWeights = call.gradients();
        try {
            open.useBackwardWeights();
            for (int i = 0; i < gradients.size(); i++) {
                open.passes().get(i).b.use(gradients.get(i));
            }
            state.readGradient(call.dLast(), open);
            if (dy != null) {
                dyArray.open(dy);
            }
            dyRow = dy != null ? spec.outputSize() : 0;
            wantDx = dx != null;
            if (dx != null) {
                dxArray.open(dx);
            }
            wantDCondition = dCondition != null;
            if (dCondition != null) {
                dConditionArray.open(dCondition);
            }
            for (int i = wantDx ? 0 : spec.directions(); i < gradients.size(); i++) {
                open.passes().get(i).dx = gradients.get(i).dx();
            }
            workers.run(open.operations(), open.busy(), this);
            if (dx != null) {
                dxArray.writeBack(dx);
            }
            if (dCondition != null) {
                dConditionArray.writeBack(dCondition);
            }
            if (dWeights != null) {
                addWeightGradients(dWeights);
            }
            if (dInitial != null) {
                state.writeGradient(dInitial, open);
            }
        } finally {
            dyArray.close();
            dxArray.close();
            dConditionArray.close();
            weightArray.close();
        }
    }

    @Override
    public double begin(int workersThere) {
        active = workersThere;
        return pass.part(workersThere);
    }

    @Override
    public void run(int worker) {
        Share share = pass.share(worker, active);
        if (share.isEmpty()) {
            return;
        }
        int steps = pass.steps();
        int top = spec.layers() - 1;
        for (int layer = top; layer >= 0; layer--) {
            for (int d = 0; d < spec.directions(); d++) {
                LayerPass one = pass.pass(layer, d);
                if (layer == top) {
                    one.backward(steps, share, dyArray.array, dyArray.offset, dyRow, d * spec.hiddenSize());
                } else {
                    one.backward(steps, share, dOutputs(layer), 0, rnn.outputRow, d * one.b.padded);
                }
                if (layer == 0 && wantDCondition) {
                    one.conditionGradient(share, dConditionArray.array, dConditionArray.offset);
                }
                if (layer > 0) {
                    float[] below = dOutputs(layer - 1);
                    one.inputGradient(steps, share);
                    one.addInputGradient(steps, share, below, 0, rnn.outputRow, rnn.outputRow, d == 0);
                } else if (wantDx) {
                    int inputs = spec.inputSize();
                    one.inputGradient(steps, share);
                    one.addInputGradient(steps, share, dxArray.array, dxArray.offset, inputs, inputs, d == 0);
                }
            }
            if (layer > 0 && spec.dropout() > 0) {
                for (int d = 0; d < spec.directions(); d++) {
                    float[] below = dOutputs(layer - 1);
                    pass.pass(layer - 1, d).dropOut(pass.dropoutSeed(), steps, share, below, rnn.outputRow);
                }
            }
        }
    }

    private void addWeightGradients(RnnParameters dWeights) {
        int pieces = 0;
        for (int i = 0; i < weightGradients.size(); i++) {
            weightGradients.get(i).prepare(pass.passes().get(i));
            pieces += weightGradients.get(i).pieces();
        }
        workers.pieces(pass.operations(), pieces, gradientPiece);
        weightArray.open(dWeights.flat());
        workers.pieces(rnn.weightCount, weightGradients.size() * spec.cell().gates(), addPiece);
        weightArray.writeBack(dWeights.flat());
    }

    private void gradientPiece(int number) {
        int piece = number;
        int i = 0;
        while (piece >= weightGradients.get(i).pieces()) {
            piece -= weightGradients.get(i).pieces();
            i++;
        }
        WeightGradients.Scratch scratch = rnn.gradientScratch.borrow();
        weightGradients.get(i).compute(piece, pass.steps(), scratch);
        rnn.gradientScratch.giveBack(scratch);
    }

    /** Adds the gradients of one gate of one layer and direction. */
    private void addPiece(int piece) {
        int gates = spec.cell().gates();
        int base = weightArray.offset;
        int[] offset = offsets[piece / gates];
        weightGradients
                .get(piece / gates)
                .addTo(
                        weightArray.array,
                        base + offset[0],
                        base + offset[1],
                        offset[2] < 0 ? -1 : base + offset[2],
                        offset[3] < 0 ? -1 : base + offset[3],
                        piece % gates);
    }
}
