package dev.rondo.cpu;

import dev.rondo.Input;
import dev.rondo.IntTensor;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.internal.IntArrayStorage;
import dev.rondo.spi.RnnBackwardCall;
import dev.rondo.spi.RnnCall;
import dev.rondo.spi.RnnPass;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * The activations of a pass over the stack of layers and directions, and the pass itself. Each worker runs all layers over all
 * steps for its rows of the batch, or with the others for its units.
 */
final class CpuPass implements RnnPass, Workers.Task {
    private final CpuRnn rnn;
    private final RnnSpec spec;
    private final Workers workers;
    private final PackedCache.Use<RnnWeights> forwardWeights;
    private final PackedCache.Use<RnnWeights> backwardWeights;
    private final RnnWeights.Form forwardForm;
    private final RnnWeights.Form backwardForm;
    private final List<LayerPass> passes = new ArrayList<>();
    private final Share[] shares;

    /**
     * Outputs of the layers below the last one {@code [T][N][D*Hp]}, with dropout and 0 in the padding: of each layer in training,
     * else two in turn.
     */
    private final float[][] outputs;

    private final HostArray xArray = new HostArray();
    private final HostArray yArray = new HostArray();
    private final HostArray conditionArray = new HostArray();
    private final StateArrays state;
    private final int[] lengths;

    /** Workers that take part in the task in progress. */
    private int active = 1;

    private int steps;
    private int batch;
    private long dropoutSeed;
    private boolean training;
    private int yRow;

    CpuPass(CpuRnn rnn, boolean forTraining) {
        this.rnn = rnn;
        this.spec = rnn.spec;
        this.workers = rnn.workers;
        this.state = new StateArrays(spec);
        this.lengths = new int[rnn.maxBatch];
        this.forwardForm = new RnnWeights.Form(spec, rnn.shapes, false);
        this.backwardForm = new RnnWeights.Form(spec, rnn.shapes, true);
        this.forwardWeights = new PackedCache.Use<>(rnn.cache, workers, forwardForm);
        this.backwardWeights = new PackedCache.Use<>(rnn.cache, workers, backwardForm);
        int slots = forTraining ? rnn.maxSteps + 1 : 2;
        int rows = forTraining
                ? Sizes.product("activations", rnn.maxSteps, rnn.maxBatch, 1)
                : largestWindow(rnn.maxSteps, rnn.maxBatch);
        for (int layer = 0; layer < spec.layers(); layer++) {
            for (int d = 0; d < spec.directions(); d++) {
                LayerBuffers b = new LayerBuffers(spec, rnn.shapes.get(layer), slots, rnn.maxBatch, rows);
                passes.add(new LayerPass(spec, layer, d, b));
            }
        }
        int below = spec.layers() - 1;
        this.outputs = new float[forTraining ? below : Math.min(2, below)][];
        for (int layer = 0; layer < outputs.length; layer++) {
            outputs[layer] = Sizes.floats("outputs", rnn.maxSteps, rnn.maxBatch, rnn.outputRow);
        }
        this.shares = new Share[workers.count()];
        Arrays.setAll(shares, worker -> new Share(workers, worker));
    }

    /** The most internal rows that {@link #begin} chooses for inference. */
    private int largestWindow(int maxSteps, int maxBatch) {
        long rows = (long) LayerPass.PROJECTED_ROWS * Math.min(workers.count(), maxBatch);
        return (int) Math.min((long) maxSteps * maxBatch, Math.max(maxBatch, rows));
    }

    LayerPass pass(int layer, int d) {
        return passes.get(layer * spec.directions() + d);
    }

    List<LayerPass> passes() {
        return passes;
    }

    private float[] outputs(int layer) {
        return outputs[layer % outputs.length];
    }

    int steps() {
        return steps;
    }

    int batch() {
        return batch;
    }

    long dropoutSeed() {
        return dropoutSeed;
    }

    /** Multiplications of a forward pass. */
    long operations() {
        return (long) steps * batch * rnn.weightCount;
    }

    /** How many workers would have something to do. */
    int busy() {
        LayerShape shape = rnn.shapes.get(0);
        return Share.busy(workers.count(), batch, shape.padded / shape.panel, shape.recurrentWeights());
    }

    /** What a worker computes, where so many take part. */
    Share share(int worker, int workersThere) {
        LayerShape shape = rnn.shapes.get(0);
        Share share = shares[worker];
        share.take(workersThere, batch, shape.padded, shape.panel, shape.recurrentWeights());
        return share;
    }

    /** The part of the work of worker 0, where so many take part. */
    double part(int workersThere) {
        return share(0, workersThere).size(batch, rnn.shapes.get(0).padded);
    }

    void forward(RnnCall call, boolean train) {
        steps = call.steps();
        batch = call.batch();
        training = train;
        dropoutSeed = call.dropoutSeed();
        Tensor y = call.y();
        RnnState last = call.last();
        try {
            boolean oneHot = call.x() instanceof IntTensor;
            forwardForm.setOneHot(oneHot);
            backwardForm.setOneHot(oneHot);
            boolean full = setLengths(call.lengths());
            setWindow(workers.count());
            openInput(call.x(), full);
            openCondition(call.condition());
            useWeights(forwardWeights.open(call.weights().flat()));
            state.read(call.initial(), this);
            if (y != null) {
                yArray.open(y);
            }
            yRow = y != null ? spec.outputSize() : 0;
            workers.run(operations(), busy(), this);
            if (y != null) {
                yArray.writeBack(y);
            }
            if (last != null) {
                state.write(last, this, steps);
            }
            if (train) {
                backwardWeights.open(call.weights().flat());
            } else {
                letGo();
            }
        } catch (RuntimeException | Error e) {
            letGo();
            throw e;
        } finally {
            forwardWeights.close();
            yArray.close();
            conditionArray.close();
        }
    }

    /** Takes the lengths; returns whether all rows are full. */
    private boolean setLengths(int @Nullable [] rowLengths) {
        boolean full = true;
        for (int n = 0; n < batch; n++) {
            lengths[n] = rowLengths == null ? steps : rowLengths[n];
            full &= lengths[n] == steps;
        }
        for (int i = 0; i < passes.size(); i++) {
            passes.get(i).b.begin(lengths, batch, training);
        }
        return full;
    }

    private void useWeights(RnnWeights weights) {
        for (int i = 0; i < passes.size(); i++) {
            passes.get(i).b.use(weights.layer(i));
        }
    }

    /** The weights for the backward pass, as they were in the forward pass. */
    void useBackwardWeights() {
        useWeights(backwardWeights.used());
    }

    private void openInput(Input x, boolean full) {
        if (x instanceof Tensor dense) {
            xArray.open(dense);
        }
        for (int d = 0; d < spec.directions(); d++) {
            if (x instanceof IntTensor tokens) {
                pass(0, d).setIndices(((IntArrayStorage) tokens.storage()).array(), tokens.offset(), steps);
            } else {
                pass(0, d).setDense(xArray.array, xArray.offset, full);
            }
        }
        for (int layer = 1; layer < spec.layers(); layer++) {
            for (int d = 0; d < spec.directions(); d++) {
                pass(layer, d).setDense(outputs(layer - 1), 0, true);
            }
        }
    }

    private void openCondition(@Nullable Tensor condition) {
        if (condition != null) {
            conditionArray.open(condition);
        }
        for (int d = 0; d < spec.directions(); d++) {
            pass(0, d).setCondition(conditionArray.array, conditionArray.offset);
        }
    }

    /** Chooses how many steps' internal rows are kept, where so many workers take part. */
    private void setWindow(int workersThere) {
        int share = (batch + workersThere - 1) / workersThere;
        int window = training ? steps : Math.min(steps, Math.max(1, LayerPass.PROJECTED_ROWS / share));
        for (int i = 0; i < passes.size(); i++) {
            passes.get(i).b.window = window;
        }
    }

    @Override
    public double begin(int workersThere) {
        active = workersThere;
        setWindow(workersThere);
        return part(workersThere);
    }

    @Override
    public void run(int worker) {
        Share share = share(worker, active);
        if (share.isEmpty()) {
            return;
        }
        int top = spec.layers() - 1;
        for (int layer = 0; layer <= top; layer++) {
            for (int d = 0; d < spec.directions(); d++) {
                LayerPass pass = pass(layer, d);
                if (layer == top) {
                    pass.forward(steps, share, yArray.array, yArray.offset, yRow, d * spec.hiddenSize());
                } else {
                    pass.forward(steps, share, outputs(layer), 0, rnn.outputRow, d * pass.b.padded);
                    if (training && spec.dropout() > 0) {
                        pass.dropOut(dropoutSeed, steps, share, outputs(layer), rnn.outputRow);
                    }
                }
            }
        }
    }

    @Override
    public void backward(RnnBackwardCall call) {
        rnn.backward(this, call);
    }

    private void letGo() {
        xArray.close();
        backwardWeights.close();
        for (int i = 0; i < passes.size(); i++) {
            passes.get(i).close();
        }
    }

    @Override
    public void close() {
        letGo();
        rnn.giveBack(this);
    }
}
