package dev.rondo.cuda;

import dev.rondo.Input;
import dev.rondo.IntTensor;
import dev.rondo.Mode;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.spi.RnnKernel;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * The stack of layers and directions. A pass is a fixed sequence of launches for fixed arguments; when the same arguments come
 * again, as they do in a stream, the sequence is replayed as a CUDA graph.
 */
final class CudaRnn implements RnnKernel {
    private final CudaKernels backend;
    private final RnnSpec spec;
    private final int maxSteps;
    private final int maxBatch;
    private final List<DeviceMemory.Buffer> buffers = new ArrayList<>();
    private final List<LayerPass> passes = new ArrayList<>();
    private final Graphs graphs;

    private final DeviceMemory.Buffer lengthsBuffer;
    private final DeviceMemory.Buffer dh;
    private final DeviceMemory.@Nullable Buffer dc;
    private final DeviceMemory.@Nullable Buffer dp;
    /** Gradients in the order of the steps [T,N,max(I,D*H)]. */
    private final DeviceMemory.Buffer dSteps;

    private final DeviceMemory.Buffer scratch;
    /** Between the layers [T,N,D*H]: outputs, each of which is the input of the next layer, and two gradients in turn. */
    private final List<DeviceMemory.Buffer> outputs = new ArrayList<>();

    private final List<DeviceMemory.Buffer> dOutputs = new ArrayList<>();

    /** The seed of the last forward pass of training, 8 bytes; null without dropout. */
    private final DeviceMemory.@Nullable Buffer dropoutSeed;

    private DeviceMemory.@Nullable Buffer workspace;
    private int steps;
    private int batch;
    private boolean hasLengths;
    private boolean indices;
    private volatile boolean closed;
    private long x;
    private long weights;

    CudaRnn(CudaKernels backend, RnnSpec spec, int maxSteps, int maxBatch) {
        this.backend = backend;
        this.spec = spec;
        this.maxSteps = maxSteps;
        this.maxBatch = maxBatch;
        backend.context().enter();
        try {
            for (int layer = 0; layer < spec.layers(); layer++) {
                for (int d = 0; d < spec.directions(); d++) {
                    passes.add(new LayerPass(backend, this, spec, layer, d, maxSteps, maxBatch));
                }
            }
            long states = (long) maxBatch * spec.hiddenSize();
            lengthsBuffer = allocate(maxBatch, "lengths");
            dh = allocate(states, "gradients of states");
            dc = spec.cell().hasCellState() ? allocate(states, "gradients of cell states") : null;
            dp = CudaCells.of(spec.cell()).recurrent().size() > 1
                    ? allocate(states, "gradients of reset states")
                    : null;
            dropoutSeed = spec.dropout() > 0 && spec.layers() > 1 ? allocate(2, "the seed of dropout") : null;
            dSteps = allocate((long) maxRows() * Math.max(spec.inputSize(), spec.outputSize()), "input gradients");
            long elements = 1;
            for (LayerPass pass : passes) {
                elements = Math.max(elements, pass.scratchElements());
            }
            scratch = allocate(elements, "sums of weight gradients");
            for (int layer = 0; layer < spec.layers() - 1; layer++) {
                outputs.add(allocate((long) maxRows() * spec.outputSize(), "outputs of a layer"));
            }
            for (int i = 0; i < Math.min(2, spec.layers() - 1); i++) {
                dOutputs.add(allocate((long) maxRows() * spec.outputSize(), "gradients between layers"));
            }
            graphs = new Graphs(backend.context());
        } catch (RuntimeException | Error e) {
            buffers.forEach(DeviceMemory.Buffer::close);
            throw e;
        } finally {
            backend.context().exit();
        }
    }

    /** Memory of this network, for elements of 4 bytes. */
    DeviceMemory.Buffer allocate(long elements, String what) {
        DeviceMemory.Buffer buffer = backend.memory()
                .allocate(
                        Math.multiplyExact(4, elements),
                        what + " of " + spec + " with maxSteps " + maxSteps + ", maxBatch " + maxBatch);
        buffers.add(buffer);
        return buffer;
    }

    int steps() {
        return steps;
    }

    int batch() {
        return batch;
    }

    int maxRows() {
        return maxSteps * maxBatch;
    }

    /** The lengths on the device; 0 where all rows are full. */
    long lengths() {
        return hasLengths ? lengthsBuffer.address() : 0;
    }

    long dh() {
        return dh.address();
    }

    long dc() {
        return dc == null ? 0 : dc.address();
    }

    long dp() {
        return dp == null ? 0 : dp.address();
    }

    long scratch() {
        return scratch.address();
    }

    /** Makes the memory for the blocks of a recurrence to hand values to each other, once. */
    void reserveWorkspace() {
        if (workspace == null) {
            workspace = allocate(
                    GridRecurrence.workspaceElements(
                            CudaCells.of(spec.cell()).grid(false).orElseThrow(), spec.hiddenSize(), maxSteps, maxBatch),
                    "workspace");
        }
    }

    /** That memory; 0 if no recurrence needs it. */
    long workspace() {
        return workspace == null ? 0 : workspace.address();
    }

    /**
     * The time of launches that go through the steps, in microseconds: the least of three runs after one that does not count. All
     * rows are full meanwhile.
     *
     * @param mostSteps the sequence is cut to so many steps meanwhile
     */
    double microseconds(int mostSteps, Runnable launches) {
        int all = steps;
        boolean hadLengths = hasLengths;
        steps = Math.min(all, mostSteps);
        hasLengths = false;
        try {
            return 1e6 * graphs.leastSeconds(3, launches);
        } finally {
            steps = all;
            hasLengths = hadLengths;
        }
    }

    @Override
    public void forward(
            Mode mode,
            long seed,
            RnnParameters parameters,
            Input input,
            int @Nullable [] rowLengths,
            @Nullable RnnState initial,
            @Nullable Tensor y,
            @Nullable RnnState last) {
        if (input instanceof IntTensor tokens) {
            requireIndices(tokens, rowLengths);
        }
        backend.context().enter();
        try {
            requireOpen();
            steps = input.dimension(0);
            batch = input.dimension(1);
            hasLengths = rowLengths != null;
            indices = input instanceof IntTensor;
            for (int i = 0; i < passes.size(); i++) {
                passes.get(i).reserve(indices && i < spec.directions());
            }
            weights = backend.address(parameters.flat());
            x = input instanceof IntTensor tokens ? backend.address(tokens) : backend.address((Tensor) input);
            if (rowLengths != null) {
                backend.staging()
                        .write(
                                lengthsBuffer.address(),
                                batch,
                                (bytes, from, part) -> bytes.asIntBuffer().put(rowLengths, from, part));
            }
            for (int i = 0; i < passes.size(); i++) {
                int layer = i / spec.directions();
                long layerInput = layer == 0 ? x : outputs.get(layer - 1).address();
                passes.get(i).begin(weights, layerInput, indices && layer == 0, mode == Mode.TRAINING);
            }
            boolean dropOut = mode == Mode.TRAINING && dropoutSeed != null;
            if (dropOut) {
                setDropoutSeed(seed);
            }
            long h0 = initial == null ? 0 : backend.address(initial.h());
            long c0 = address(initial);
            long yAddress = y == null ? 0 : backend.address(y);
            long hLast = last == null ? 0 : backend.address(last.h());
            long cLast = address(last);
            graphs.key(0)
                    .add(steps, batch, hasLengths ? 1 : 0, indices ? 1 : 0, dropOut ? 1 : 0)
                    .add(weights, x, h0, c0, yAddress)
                    .add(hLast, cLast, 0, 0, 0);
            graphs.run(() -> launchForward(dropOut, h0, c0, yAddress, hLast, cLast), () -> describe("forward pass"));
        } finally {
            backend.context().exit();
        }
    }

    private void launchForward(boolean dropOut, long h0, long c0, long y, long hLast, long cLast) {
        long state = (long) batch * spec.hiddenSize();
        for (int layer = 0; layer < spec.layers(); layer++) {
            boolean top = layer == spec.layers() - 1;
            long output = top ? y : outputs.get(layer).address();
            for (int d = 0; d < spec.directions(); d++) {
                int index = layer * spec.directions() + d;
                LayerPass pass = passes.get(index);
                long offset = 4 * index * state;
                pass.forward(h0 == 0 ? 0 : h0 + offset, c0 == 0 ? 0 : c0 + offset);
                if (output != 0) {
                    pass.output(output);
                }
                if (hLast != 0) {
                    backend.copy(hLast + offset, pass.h(steps), state);
                }
                if (cLast != 0) {
                    backend.copy(cLast + offset, pass.c(steps), state);
                }
            }
            if (dropOut && !top) {
                dropOut(output, layer);
            }
        }
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
        long count = (long) steps * batch * spec.outputSize();
        backend.launcher()
                .of(Kernel.DROPOUT)
                .pointer(output)
                .wide(count)
                .pointer(Objects.requireNonNull(dropoutSeed).address())
                .wide(layer * count)
                .integer((int) Math.ceil(spec.dropout() * (1 << 24)))
                .real(1 / (1 - spec.dropout()))
                .linear(count);
    }

    @Override
    public void backward(
            @Nullable Tensor dy,
            @Nullable RnnState dLast,
            @Nullable Tensor dx,
            @Nullable RnnState dInitial,
            @Nullable RnnParameters gradients) {
        backend.context().enter();
        try {
            requireOpen();
            long dyAddress = dy == null ? 0 : backend.address(dy);
            long dhLast = dLast == null ? 0 : backend.address(dLast.h());
            long dcLast = address(dLast);
            long dxAddress = dx == null || indices ? 0 : backend.address(dx);
            long dhInitial = dInitial == null ? 0 : backend.address(dInitial.h());
            long dcInitial = address(dInitial);
            long sums = gradients == null ? 0 : backend.address(gradients.flat());
            graphs.key(1)
                    .add(steps, batch, hasLengths ? 1 : 0, indices ? 1 : 0, 0)
                    .add(weights, x, dyAddress, dhLast, dcLast)
                    .add(dxAddress, dhInitial, dcInitial, sums, 0);
            graphs.run(
                    () -> launchBackward(dyAddress, dhLast, dcLast, dxAddress, dhInitial, dcInitial, sums),
                    () -> describe("backward pass"));
        } finally {
            backend.context().exit();
        }
    }

    private void launchBackward(
            long dy, long dhLast, long dcLast, long dx, long dhInitial, long dcInitial, long gradients) {
        long state = (long) batch * spec.hiddenSize();
        long dOutput = dy;
        for (int layer = spec.layers() - 1; layer >= 0; layer--) {
            long dInput =
                    layer == 0 ? dx : dOutputs.get(layer % dOutputs.size()).address();
            for (int d = 0; d < spec.directions(); d++) {
                int index = layer * spec.directions() + d;
                LayerPass pass = passes.get(index);
                long offset = 4 * index * state;
                long dhFirst = dhLast == 0 ? 0 : dhLast + offset;
                assign(dh.address(), dhFirst, state);
                if (dc != null) {
                    assign(dc.address(), dcLast == 0 ? 0 : dcLast + offset, state);
                }
                pass.backward(dOutput, dhFirst);
                if (dhInitial != 0) {
                    backend.copy(dhInitial + offset, dh.address(), state);
                }
                if (dcInitial != 0) {
                    backend.copy(dcInitial + offset, dc(), state);
                }
                if (gradients != 0) {
                    pass.addWeightGradients(gradients);
                }
                if (dInput != 0) {
                    pass.inputGradient(dInput, dSteps.address());
                }
            }
            if (layer > 0 && dropoutSeed != null) {
                dropOut(dInput, layer - 1);
            }
            dOutput = dInput;
        }
    }

    private String describe(String what) {
        return what + " of " + spec + ", T " + steps + ", N " + batch;
    }

    /** Copies elements, or from 0 makes them zero. */
    private void assign(long to, long from, long count) {
        if (from == 0) {
            backend.zero(to, count);
        } else {
            backend.copy(to, from, count);
        }
    }

    private long address(@Nullable RnnState state) {
        Tensor cellState = state == null ? null : state.c();
        return cellState == null ? 0 : backend.address(cellState);
    }

    private void requireIndices(IntTensor tokens, int @Nullable [] rowLengths) {
        int[] values = ((DeviceIntStorage) tokens.storage()).values();
        int start = Math.toIntExact(tokens.offset());
        int rows = tokens.dimension(1);
        for (int t = 0; t < tokens.dimension(0); t++) {
            for (int n = 0; n < rows; n++) {
                int index = values[start + t * rows + n];
                if ((index < 0 || index >= spec.inputSize()) && (rowLengths == null || t < rowLengths[n])) {
                    throw new IllegalArgumentException("x[" + t + "," + n + "]: expected an index of 0 to "
                            + (spec.inputSize() - 1) + ", got " + index);
                }
            }
        }
    }

    private void requireOpen() {
        if (closed) {
            throw new IllegalStateException("rnn " + spec + " is closed");
        }
    }

    @Override
    public void close() {
        closed = true;
        graphs.close(); // waits for a call in progress
        buffers.forEach(DeviceMemory.Buffer::close);
    }
}
