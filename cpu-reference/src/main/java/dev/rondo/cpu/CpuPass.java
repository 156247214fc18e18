package dev.rondo.cpu;

import dev.rondo.Input;
import dev.rondo.IntTensor;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.Weight;
import dev.rondo.WeightRole;
import dev.rondo.internal.IntArrayStorage;
import dev.rondo.spi.RnnBackwardCall;
import dev.rondo.spi.RnnCall;
import dev.rondo.spi.RnnPass;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;

/**
 * A pass over the stack of layers and directions. It runs in a few stages, in each of which all workers take part: packing the
 * weights, all layers over all steps for each worker's rows of the batch, and after a backward pass the weight gradients.
 */
final class CpuPass implements RnnPass {
    private final CpuRnn rnn;
    private final RnnSpec spec;
    private final Workers workers;
    private final List<LayerPass> passes = new ArrayList<>();
    private final List<WeightGradients> weightGradients = new ArrayList<>();
    private final WeightGradients.Scratch[] scratch;
    private final Share[] shares;
    private final int[][] offsets;
    private final long weightCount;

    /** Outputs of the layers below the last one {@code [T][N][D*Hp]}, with dropout and 0 in the padding, and the gradients by them. */
    private final float[][] outputs;

    private final float[][] dOutputs;
    private final int outputRow;

    private final HostArray weightArray = new HostArray();
    private final HostArray xArray = new HostArray();
    private final HostArray yArray = new HostArray();
    private final HostArray hArray = new HostArray();
    private final HostArray cArray = new HostArray();
    private final AtomicInteger next = new AtomicInteger();
    private final int[] lengths;

    private final Workers.Task packTask = this::packShare;
    private final Workers.Task forwardTask = this::forwardShare;
    private final Workers.Task backwardTask = this::backwardShare;
    private final Workers.Task gradientTask = this::gradientShare;
    private final Workers.Task addTask = this::addShare;

    private int steps;
    private int batch;
    private long dropoutSeed;
    private boolean training;
    private boolean wantY;
    private boolean wantDx;
    private int dyRow;

    /** Whose weights are packed, and at which change of theirs; null if they may change unseen. */
    private @Nullable CpuStorage packed;

    private long packedVersion;
    private int packedOffset;
    private boolean packedBackward;
    private boolean packedColumns;

    CpuPass(CpuRnn rnn, RnnSpec spec, InnerLoops loops, Workers workers, int maxSteps, int maxBatch) {
        this.rnn = rnn;
        this.spec = spec;
        this.workers = workers;
        this.lengths = new int[maxBatch];
        AlignedMemory memory = new AlignedMemory("packed weights");
        for (int layer = 0; layer < spec.layers(); layer++) {
            for (int d = 0; d < spec.directions(); d++) {
                if (memory.isLarge()) {
                    memory.allocate();
                    memory = new AlignedMemory("packed weights");
                }
                LayerPass pass = new LayerPass(spec, layer, d, loops, memory, maxSteps, maxBatch);
                passes.add(pass);
                weightGradients.add(new WeightGradients(pass));
            }
        }
        memory.allocate();
        this.outputRow = spec.directions() * passes.get(0).b.padded;
        this.outputs = new float[spec.layers() - 1][];
        this.dOutputs = new float[spec.layers() - 1][];
        for (int layer = 0; layer < spec.layers() - 1; layer++) {
            outputs[layer] = Sizes.floats("outputs", maxSteps, maxBatch, outputRow);
            dOutputs[layer] = Sizes.floats("gradients", maxSteps, maxBatch, outputRow);
        }
        this.scratch = new WeightGradients.Scratch[workers.count()];
        Arrays.setAll(scratch, worker -> new WeightGradients.Scratch(loops));
        this.shares = new Share[workers.count()];
        Arrays.setAll(shares, worker -> new Share(workers, worker));
        this.offsets = offsets(spec);
        this.weightCount = spec.layout().size();
    }

    /** For each layer and direction where weight_ih, weight_hh, bias_ih and bias_hh begin; -1 without biases. */
    private static int[][] offsets(RnnSpec spec) {
        int[][] offsets = new int[spec.stateCount()][4];
        for (int state = 0; state < offsets.length; state++) {
            int layer = state / spec.directions();
            int d = state % spec.directions();
            offsets[state][0] = offset(spec, layer, d, WeightRole.INPUT);
            offsets[state][1] = offset(spec, layer, d, WeightRole.RECURRENT);
            offsets[state][2] = offset(spec, layer, d, WeightRole.BIAS_INPUT);
            offsets[state][3] = offset(spec, layer, d, WeightRole.BIAS_RECURRENT);
        }
        return offsets;
    }

    private static int offset(RnnSpec spec, int layer, int d, WeightRole role) {
        Weight weight = spec.weight(layer, d, role);
        return weight != null ? weight.offset() : -1;
    }

    private LayerPass pass(int layer, int d) {
        return passes.get(layer * spec.directions() + d);
    }

    /** What the worker computes in the task in progress. */
    private Share share(int worker) {
        Share share = shares[worker];
        LayerBuffers b = passes.get(0).b;
        share.take(batch, b.padded, b.panel, recurrentWeights());
        return share;
    }

    private long recurrentWeights() {
        LayerBuffers b = passes.get(0).b;
        return (long) b.row * b.padded;
    }

    /** Multiplications of a pass, or 0 where only one worker would have something to do. */
    private long passOperations() {
        LayerBuffers b = passes.get(0).b;
        int busy = Share.busy(workers.count(), batch, b.padded / b.panel, recurrentWeights());
        return busy == 1 ? 0 : operations();
    }

    void forward(RnnCall call, boolean train) {
        RnnParameters weights = call.weights();
        Input x = call.x();
        Tensor y = call.y();
        steps = call.steps();
        batch = call.batch();
        training = train;
        dropoutSeed = call.dropoutSeed();
        boolean full = setLengths(call.lengths());
        weightArray.open(weights.flat());
        openInput(x, full);
        packIfChanged(weights.flat());
        setInitial(call.initial());
        if (y != null) {
            yArray.open(y);
        }
        wantY = y != null;
        workers.run(passOperations(), forwardTask);
        if (y != null) {
            yArray.writeBack(y);
        }
        RnnState last = call.last();
        if (last != null) {
            getLast(last);
        }
    }

    private boolean setLengths(int @Nullable [] rowLengths) {
        boolean full = true;
        for (int n = 0; n < batch; n++) {
            lengths[n] = rowLengths == null ? steps : rowLengths[n];
            full &= lengths[n] == steps;
        }
        int share = (batch + workers.count() - 1) / workers.count();
        int window = training ? steps : Math.min(steps, Math.max(1, LayerPass.PROJECTED_ROWS / share));
        for (int state = 0; state < passes.size(); state++) {
            LayerBuffers b = passes.get(state).b;
            b.lengths = lengths;
            b.batch = batch;
            b.window = window;
        }
        return full;
    }

    private void openInput(Input x, boolean full) {
        for (int d = 0; d < spec.directions(); d++) {
            if (x instanceof IntTensor tokens) {
                int[] indices = ((IntArrayStorage) tokens.storage()).array();
                pass(0, d).setIndices(indices, tokens.offset(), steps);
            } else {
                xArray.open((Tensor) x);
                pass(0, d).setDense(xArray.array, xArray.offset, steps, batch, full);
            }
        }
        for (int layer = 1; layer < spec.layers(); layer++) {
            for (int d = 0; d < spec.directions(); d++) {
                pass(layer, d).setDense(outputs[layer - 1], 0, steps, batch, true);
            }
        }
    }

    /** Multiplications of a forward pass. */
    private long operations() {
        return (long) steps * batch * weightCount;
    }

    private void packIfChanged(Tensor weights) {
        CpuStorage storage = weights.storage() instanceof CpuStorage own ? own : null;
        boolean columns = passes.get(0).oneHot;
        if (storage != null
                && storage == packed
                && storage.version() == packedVersion
                && weightArray.offset == packedOffset
                && columns == packedColumns
                && (packedBackward || !training)) {
            return;
        }
        packed = null;
        packedBackward = training;
        for (int i = 0; i < passes.size(); i++) {
            Arrays.fill(passes.get(i).b.biasRow, 0);
        }
        next.set(0);
        workers.run(weightCount, packTask);
        packed = storage;
        packedVersion = storage != null ? storage.version() : 0;
        packedOffset = weightArray.offset;
        packedColumns = columns;
    }

    /** Packs weight matrices; a piece of work is one gate of one layer and direction. */
    private void packShare(int worker) {
        int gates = spec.cell().gates();
        for (int i = next.getAndIncrement(); i < passes.size() * gates; i = next.getAndIncrement()) {
            pack(i / gates, i % gates, packedBackward);
        }
    }

    private void pack(int state, int gate, boolean backward) {
        LayerPass pass = passes.get(state);
        float[] weights = weightArray.array;
        int base = weightArray.offset;
        if (pass.oneHot) {
            pass.b.packColumns(weights, base + offsets[state][0], gate);
        } else {
            pass.b.packInput(weights, base + offsets[state][0], gate, backward);
        }
        pass.b.packRecurrent(weights, base + offsets[state][1], gate, backward);
        if (spec.bias()) {
            pass.b.addBias(weights, base + offsets[state][2], base + offsets[state][3], gate);
        }
    }

    private void forwardShare(int worker) {
        Share share = share(worker);
        if (share.isEmpty()) {
            return;
        }
        int top = spec.layers() - 1;
        for (int layer = 0; layer <= top; layer++) {
            for (int d = 0; d < spec.directions(); d++) {
                LayerPass pass = pass(layer, d);
                if (!pass.oneHot) {
                    if (layer == 0) {
                        pass.order(xArray.array, xArray.offset, steps, share);
                    } else {
                        pass.order(outputs[layer - 1], 0, steps, share);
                    }
                }
                pass.forward(steps, share);
                if (layer < top) {
                    pass.output(steps, share, outputs[layer], 0, outputRow, d * pass.b.padded);
                    if (training && spec.dropout() > 0) {
                        pass.dropOut(dropoutSeed, steps, share, outputs[layer], outputRow);
                    }
                } else if (wantY) {
                    int hidden = spec.hiddenSize();
                    pass.output(steps, share, yArray.array, yArray.offset, spec.outputSize(), d * hidden);
                }
            }
        }
    }

    private void setInitial(@Nullable RnnState initial) {
        openState(initial);
        for (int state = 0; state < passes.size(); state++) {
            LayerBuffers b = passes.get(state).b;
            copyIn(initial != null ? hArray : null, state, b, b.h);
            if (spec.cell().hasCellState()) {
                copyIn(initial != null ? cArray : null, state, b, b.c);
            }
        }
    }

    private void openState(@Nullable RnnState state) {
        if (state != null) {
            hArray.open(state.h());
            Tensor c = state.c();
            if (c != null) {
                cArray.open(c);
            }
        }
    }

    /** Copies one layer's and direction's {@code [N,H]} into padded rows, from the first on. */
    private void copyIn(@Nullable HostArray from, int state, LayerBuffers b, float[] to) {
        int hidden = spec.hiddenSize();
        for (int n = 0; n < batch; n++) {
            int row = n * b.padded;
            if (from == null) {
                Arrays.fill(to, row, row + b.padded, 0);
            } else {
                System.arraycopy(from.array, from.offset + (state * batch + n) * hidden, to, row, hidden);
                Arrays.fill(to, row + hidden, row + b.padded, 0);
            }
        }
    }

    private void copyOut(HostArray to, int state, LayerBuffers b, float[] from, int slot) {
        int hidden = spec.hiddenSize();
        for (int n = 0; n < batch; n++) {
            int row = slot + n * b.padded;
            System.arraycopy(from, row, to.array, to.offset + (state * batch + n) * hidden, hidden);
        }
    }

    private void getLast(RnnState last) {
        openState(last);
        for (int state = 0; state < passes.size(); state++) {
            LayerBuffers b = passes.get(state).b;
            copyOut(hArray, state, b, b.h, b.slot(steps, 0));
            if (spec.cell().hasCellState()) {
                copyOut(cArray, state, b, b.c, b.slot(steps, 0));
            }
        }
        writeBack(last);
    }

    private void writeBack(RnnState state) {
        hArray.writeBack(state.h());
        Tensor c = state.c();
        if (c != null) {
            cArray.writeBack(c);
        }
    }

    @Override
    public void backward(RnnBackwardCall call) {
        assert packedBackward;
        RnnState dLast = call.dLast();
        RnnState dInitial = call.dInitial();
        Tensor dy = call.dy();
        Tensor dx = call.dx();
        RnnParameters gradients = call.gradients();
        openState(dLast);
        for (int state = 0; state < passes.size(); state++) {
            LayerBuffers b = passes.get(state).b;
            copyIn(dLast != null ? hArray : null, state, b, b.dh);
            copyIn(dLast != null && spec.cell().hasCellState() ? cArray : null, state, b, b.dc);
        }
        if (dy != null) {
            yArray.open(dy);
        }
        wantDx = dx != null;
        if (dx != null) {
            weightArray.open(dx);
        }
        for (int state = wantDx ? 0 : spec.directions(); state < passes.size(); state++) {
            passes.get(state).prepareInputGradient(steps);
        }
        dyRow = dy != null ? spec.outputSize() : 0;
        workers.run(passOperations(), backwardTask);
        if (dx != null) {
            weightArray.writeBack(dx);
        }
        if (gradients != null) {
            addWeightGradients(gradients);
        }
        if (dInitial != null) {
            getInitialGradient(dInitial);
        }
    }

    private void backwardShare(int worker) {
        Share share = share(worker);
        if (share.isEmpty()) {
            return;
        }
        int top = spec.layers() - 1;
        for (int layer = top; layer >= 0; layer--) {
            for (int d = 0; d < spec.directions(); d++) {
                LayerPass pass = pass(layer, d);
                if (layer == top) {
                    pass.backward(steps, share, yArray.array, yArray.offset, dyRow, d * spec.hiddenSize());
                } else {
                    pass.backward(steps, share, dOutputs[layer], 0, outputRow, d * pass.b.padded);
                }
                if (layer > 0) {
                    pass.inputGradient(steps, share);
                    pass.addInputGradient(steps, share, dOutputs[layer - 1], 0, outputRow, outputRow, d == 0);
                } else if (wantDx) {
                    int inputs = spec.inputSize();
                    pass.inputGradient(steps, share);
                    pass.addInputGradient(steps, share, weightArray.array, weightArray.offset, inputs, inputs, d == 0);
                }
            }
            if (layer > 0 && spec.dropout() > 0) {
                for (int d = 0; d < spec.directions(); d++) {
                    pass(layer - 1, d).dropOut(dropoutSeed, steps, share, dOutputs[layer - 1], outputRow);
                }
            }
        }
    }

    private void addWeightGradients(RnnParameters gradients) {
        for (int state = 0; state < passes.size(); state++) {
            weightGradients.get(state).prepare();
        }
        next.set(0);
        workers.run(operations(), gradientTask);
        weightArray.open(gradients.flat());
        next.set(0);
        workers.run(weightCount, addTask);
        weightArray.writeBack(gradients.flat());
    }

    private void gradientShare(int worker) {
        for (int i = next.getAndIncrement(); ; i = next.getAndIncrement()) {
            int piece = i;
            int state = 0;
            while (state < passes.size() && piece >= weightGradients.get(state).pieces()) {
                piece -= weightGradients.get(state).pieces();
                state++;
            }
            if (state == passes.size()) {
                return;
            }
            weightGradients.get(state).compute(piece, steps, scratch[worker]);
        }
    }

    private void addShare(int worker) {
        int gates = spec.cell().gates();
        int base = weightArray.offset;
        for (int i = next.getAndIncrement(); i < passes.size() * gates; i = next.getAndIncrement()) {
            int[] offset = offsets[i / gates];
            weightGradients
                    .get(i / gates)
                    .addTo(
                            weightArray.array,
                            base + offset[0],
                            base + offset[1],
                            offset[2] < 0 ? -1 : base + offset[2],
                            offset[3] < 0 ? -1 : base + offset[3],
                            i % gates);
        }
    }

    private void getInitialGradient(RnnState dInitial) {
        openState(dInitial);
        for (int state = 0; state < passes.size(); state++) {
            LayerBuffers b = passes.get(state).b;
            copyOut(hArray, state, b, b.dh, 0);
            if (spec.cell().hasCellState()) {
                copyOut(cArray, state, b, b.dc, 0);
            }
        }
        writeBack(dInitial);
    }

    @Override
    public void close() {
        rnn.giveBack(this);
    }
}
