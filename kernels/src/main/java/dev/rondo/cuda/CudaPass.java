package dev.rondo.cuda;

import dev.rondo.Input;
import dev.rondo.IntTensor;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.spi.RnnBackwardCall;
import dev.rondo.spi.RnnCall;
import dev.rondo.spi.RnnPass;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * A pass through all layers and directions with its activations. A pass is a fixed sequence of launches for fixed arguments; when
 * the same arguments come again, as they do in a stream, the sequence is replayed as a CUDA graph. When it ends, its memory
 * serves the next one.
 */
final class CudaPass implements RnnPass {
    /** Inference keeps the gates of so many rows, or of so many steps if that is more: enough for products that fill a device. */
    private static final int WINDOW_ROWS = 2048;

    private static final int WINDOW_STEPS = 64;

    private final CudaKernels backend;
    private final CudaRnn rnn;
    private final RnnSpec spec;
    private final List<LayerPass> layers = new ArrayList<>();
    private final List<WeightGradients> weightGradients = new ArrayList<>();

    /** {@code [N]}, and where the steps are done in windows, what is left of them in each window {@code [windows,N]}. */
    private final DeviceMemory.Buffer lengthsBuffer;

    /** Outputs of the layers but the last one {@code [T,N,D*H]}, each of which is the input of the next one. */
    private final List<DeviceMemory.Buffer> outputs = new ArrayList<>();

    /** The seed of the forward pass, 8 bytes; null without dropout. */
    private final DeviceMemory.@Nullable Buffer dropoutSeed;

    private int steps;
    private int batch;
    private boolean hasLengths;
    private boolean windowed;
    private boolean indices;
    private boolean dropOut;
    private long x;
    private long weights;

    /**
     * Memory for passes; between enter and exit of the context.
     *
     * @param training whether all activations are kept, for backward passes
     */
    CudaPass(CudaKernels backend, CudaRnn rnn, boolean training) {
        this.backend = backend;
        this.rnn = rnn;
        this.spec = rnn.spec();
        long windowRows = training
                ? rnn.maxRows()
                : Math.min(rnn.maxRows(), Math.max(WINDOW_ROWS, (long) WINDOW_STEPS * rnn.maxBatch()));
        long windows = windowRows == rnn.maxRows() ? 1 : rnn.maxSteps() / WINDOW_STEPS + 1;
        LayerBuffers shared = training
                ? null
                : new LayerBuffers(rnn, Math.max(spec.inputSize(), spec.inputSize(spec.layers() - 1)), windowRows);
        for (int layer = 0; layer < spec.layers(); layer++) {
            for (int d = 0; d < spec.directions(); d++) {
                LayerBuffers buffers =
                        shared != null ? shared : new LayerBuffers(rnn, spec.inputSize(layer), windowRows);
                LayerPass pass = new LayerPass(backend, this, buffers, spec, layer, d);
                layers.add(pass);
                weightGradients.add(new WeightGradients(backend, pass));
            }
        }
        lengthsBuffer = rnn.allocate((windows + 1) * rnn.maxBatch(), "lengths");
        int between = training ? spec.layers() - 1 : Math.min(2, spec.layers() - 1);
        for (int layer = 0; layer < between; layer++) {
            outputs.add(rnn.allocate(rnn.maxRows() * spec.outputSize(), "outputs of a layer"));
        }
        dropoutSeed =
                training && spec.dropout() > 0 && spec.layers() > 1 ? rnn.allocate(2, "the seed of dropout") : null;
    }

    /** The elements of {@link GradientBuffers#sums} that its backward passes need. */
    long sumElements() {
        return weightGradients.stream()
                .mapToLong(one -> one.sumElements((int) rnn.maxRows()))
                .max()
                .orElse(1);
    }

    int steps() {
        return steps;
    }

    int batch() {
        return batch;
    }

    boolean hasLengths() {
        return hasLengths;
    }

    /** The lengths on the device; 0 where all rows are full. */
    long lengths() {
        return hasLengths ? lengthsBuffer.address() : 0;
    }

    /** The lengths within a window of the steps; 0 where all rows are full. */
    long lengths(int window) {
        return hasLengths ? lengthsBuffer.at(windowed ? (window + 1L) * batch : 0) : 0;
    }

    GradientBuffers gradients() {
        return rnn.gradients();
    }

    long transposedWeights() {
        return rnn.transposedWeights();
    }

    /**
     * The time of launches for full rows, in microseconds: the least of three runs after one that does not count.
     *
     * @param launches go through the steps
     */
    double microseconds(Runnable launches) {
        boolean hadLengths = hasLengths;
        hasLengths = false;
        try {
            return 1e6 * rnn.graphs().leastSeconds(3, launches);
        } finally {
            hasLengths = hadLengths;
        }
    }

    private long output(int layer) {
        return outputs.get(layer % outputs.size()).address();
    }

    /**
     * The forward pass; between enter and exit of the context.
     *
     * @param training whether a backward pass comes
     */
    void forward(RnnCall call, boolean training) {
        steps = call.steps();
        batch = call.batch();
        int[] rowLengths = call.lengths();
        hasLengths = rowLengths != null;
        Input input = call.x();
        indices = input instanceof IntTensor;
        reserve(training);
        weights = backend.address(call.weights().flat());
        x = input instanceof IntTensor tokens ? backend.address(tokens) : backend.address((Tensor) input);
        if (rowLengths != null) {
            writeLengths(rowLengths);
        }
        for (int i = 0; i < layers.size(); i++) {
            int layer = i / spec.directions();
            layers.get(i).begin(weights, layer == 0 ? x : output(layer - 1), indices && layer == 0, training);
        }
        dropOut = training && dropoutSeed != null;
        if (dropOut) {
            setDropoutSeed(call.dropoutSeed());
        }
        long h0 = address(call.initial(), false);
        long c0 = address(call.initial(), true);
        long y = address(call.y());
        long hLast = address(call.last(), false);
        long cLast = address(call.last(), true);
        long condition = address(call.condition());
        rnn.graphs()
                .key(training ? 1 : 0)
                .add(id(), steps, batch, flags(), 0)
                .add(weights, x, h0, c0, y)
                .add(hLast, cLast, condition, 0, 0);
        rnn.graphs().run(() -> launchForward(h0, c0, condition, y, hLast, cLast), () -> describe("forward pass"));
    }

    /** What tells the graphs of two passes of a network apart. */
    private long id() {
        return lengthsBuffer.address();
    }

    private long flags() {
        return (hasLengths ? 1 : 0) + (indices ? 2 : 0) + (dropOut ? 4 : 0);
    }

    private void reserve(boolean training) {
        for (int i = 0; i < layers.size(); i++) {
            layers.get(i).reserve(indices && i < spec.directions());
        }
        if (indices) {
            rnn.reserveTransposedWeights();
        }
        if (training && backend.plans().mayTakeGrid(spec.cell())) {
            gradients().reserveWorkspace(rnn.cell().grid(false).orElseThrow());
        }
    }

    private void writeLengths(int[] rowLengths) {
        int window = layers.get(0).buffers().window(steps, batch);
        int windows = (steps + window - 1) / window;
        windowed = windows > 1;
        int[] all = windowed ? Arrays.copyOf(rowLengths, (windows + 1) * batch) : rowLengths;
        for (int i = batch; i < all.length; i++) {
            all[i] = Math.max(0, Math.min(window, rowLengths[i % batch] - (i / batch - 1) * window));
        }
        backend.staging()
                .write(
                        lengthsBuffer.address(),
                        all.length,
                        (bytes, from, part) -> bytes.asIntBuffer().put(all, from, part));
    }

    private void launchForward(long h0, long c0, long condition, long y, long hLast, long cLast) {
        long hSize = (long) batch * spec.hiddenStateSize();
        long cSize = (long) batch * spec.cellStateSize();
        for (int layer = 0; layer < spec.layers(); layer++) {
            boolean top = layer == spec.layers() - 1;
            long output = top ? y : output(layer);
            for (int d = 0; d < spec.directions(); d++) {
                int index = layer * spec.directions() + d;
                LayerPass pass = layers.get(index);
                pass.forward(
                        part(h0, index, hSize),
                        part(c0, index, cSize),
                        layer == 0 ? part(condition, d, spec.gateRows()) : 0);
                if (output != 0) {
                    pass.output(output);
                }
                pass.last(part(hLast, index, hSize), part(cLast, index, cSize));
            }
            if (dropOut && !top) {
                dropOut(output, layer);
            }
        }
    }

    /** The part of a layer and direction of a state, or of a direction of a condition; 0 where there is none. */
    private static long part(long whole, int index, long size) {
        return whole == 0 ? 0 : whole + 4 * index * size;
    }

    /** In the memory of the device, where the kernels of a graph find it: so a graph is the same for every seed. */
    private void setDropoutSeed(long seed) {
        long address = Objects.requireNonNull(dropoutSeed).address();
        for (int word = 0; word < 2; word++) {
            backend.context()
                    .check(
                            JCudaDriver.cuMemsetD32Async(
                                    DevicePointer.to(address + 4L * word),
                                    (int) (seed >>> 32 * word),
                                    1,
                                    backend.context().stream()),
                            "cuMemsetD32Async of the seed of dropout");
        }
    }

    /** Multiplies the output of a layer, or the gradient by it, by the mask of dropout. */
    private void dropOut(long output, int layer) {
        long elements = (long) steps * batch * spec.outputSize();
        backend.launcher()
                .of(Kernel.DROPOUT)
                .pointer(output)
                .wide(elements)
                .pointer(Objects.requireNonNull(dropoutSeed).address())
                .wide(layer * elements)
                .integer((int) Math.ceil(spec.dropout() * (1 << 24)))
                .real(1 / (1 - spec.dropout()))
                .linear(elements);
    }

    @Override
    public void backward(RnnBackwardCall call) {
        backend.context().enter();
        try {
            rnn.requireOpen();
            long dy = address(call.dy());
            long dhLast = address(call.dLast(), false);
            long dcLast = address(call.dLast(), true);
            long dx = indices ? 0 : address(call.dx());
            long dhInitial = address(call.dInitial(), false);
            long dcInitial = address(call.dInitial(), true);
            long dCondition = address(call.dCondition());
            long sums = call.gradients() == null
                    ? 0
                    : backend.address(call.gradients().flat());
            rnn.graphs()
                    .key(2)
                    .add(id(), steps, batch, flags(), 0)
                    .add(weights, x, dy, dhLast, dcLast)
                    .add(dx, dhInitial, dcInitial, sums, dCondition);
            rnn.graphs()
                    .run(
                            () -> launchBackward(dy, dhLast, dcLast, dx, dhInitial, dcInitial, dCondition, sums),
                            () -> describe("backward pass"));
        } finally {
            backend.context().exit();
        }
    }

    private void launchBackward(
            long dy, long dhLast, long dcLast, long dx, long dhInitial, long dcInitial, long dCondition, long sums) {
        GradientBuffers scratch = gradients();
        long hSize = (long) batch * spec.hiddenStateSize();
        long cSize = (long) batch * spec.cellStateSize();
        long dOutput = dy;
        for (int layer = spec.layers() - 1; layer >= 0; layer--) {
            long dInput = layer == 0 ? dx : scratch.dInput(layer);
            for (int d = 0; d < spec.directions(); d++) {
                int index = layer * spec.directions() + d;
                LayerPass pass = layers.get(index);
                long dhFirst = part(dhLast, index, hSize);
                assign(scratch.dh(), dhFirst, hSize);
                if (cSize > 0) {
                    assign(scratch.dc(), part(dcLast, index, cSize), cSize);
                }
                pass.backward(dOutput, dhFirst);
                if (dhInitial != 0) {
                    backend.copy(part(dhInitial, index, hSize), scratch.dh(), hSize);
                }
                if (dcInitial != 0) {
                    backend.copy(part(dcInitial, index, cSize), scratch.dc(), cSize);
                }
                if (layer == 0 && dCondition != 0) {
                    Conditions.gradient(pass, part(dCondition, d, spec.gateRows()));
                }
                if (sums != 0) {
                    weightGradients.get(index).addTo(sums, scratch.sums());
                }
                if (dInput != 0) {
                    pass.inputGradient(dInput, scratch.dSteps());
                }
            }
            if (layer > 0 && dropOut) {
                dropOut(dInput, layer - 1);
            }
            dOutput = dInput;
        }
    }

    /** Copies elements, or from 0 makes them zero. */
    private void assign(long to, long from, long count) {
        if (from == 0) {
            backend.zero(to, count);
        } else {
            backend.copy(to, from, count);
        }
    }

    private String describe(String what) {
        return what + " of " + spec + ", T " + steps + ", N " + batch;
    }

    private long address(@Nullable Tensor tensor) {
        return backend.addressOrNull(tensor);
    }

    private long address(@Nullable RnnState state, boolean cellState) {
        return state == null ? 0 : address(cellState ? state.c() : state.h());
    }

    @Override
    public void close() {
        rnn.giveBack(this);
    }
}
