package dev.rondo.cuda;

import dev.rondo.IntTensor;
import dev.rondo.Purpose;
import dev.rondo.RnnSpec;
import dev.rondo.spi.RnnCall;
import dev.rondo.spi.RnnKernel;
import dev.rondo.spi.RnnPass;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** A network: its passes, of which each has activations of its own, and the scratch that they share. */
final class CudaRnn implements RnnKernel {
    private final CudaKernels backend;
    private final RnnSpec spec;
    private final CudaCell cell;
    private final int maxSteps;
    private final int maxBatch;
    private final boolean training;
    private final List<DeviceMemory.Buffer> buffers = new ArrayList<>();

    /** Passes that are not open. */
    private final Deque<CudaPass> free = new ArrayDeque<>();

    private final @Nullable GradientBuffers gradients;
    private final Graphs graphs;

    /** W of a layer and direction transposed {@code [I,G*H]}, for indices. */
    private DeviceMemory.@Nullable Buffer transposedWeights;

    private volatile boolean closed;

    CudaRnn(CudaKernels backend, RnnSpec spec, int maxSteps, int maxBatch, Purpose purpose) {
        this.backend = backend;
        this.spec = spec;
        this.cell = CudaCells.of(spec.cell());
        this.maxSteps = maxSteps;
        this.maxBatch = maxBatch;
        this.training = purpose == Purpose.TRAINING;
        backend.context().enter();
        try {
            CudaPass first = new CudaPass(backend, this, training);
            gradients = training ? new GradientBuffers(this, first.sumElements()) : null;
            graphs = new Graphs(backend.context());
            free.add(first);
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

    RnnSpec spec() {
        return spec;
    }

    CudaCell cell() {
        return cell;
    }

    int maxSteps() {
        return maxSteps;
    }

    int maxBatch() {
        return maxBatch;
    }

    /** The rows of all steps of the largest call. */
    long maxRows() {
        return (long) maxSteps * maxBatch;
    }

    Graphs graphs() {
        return graphs;
    }

    /** The scratch of backward passes, which a network for training has. */
    GradientBuffers gradients() {
        return Objects.requireNonNull(gradients);
    }

    /** Makes room for the transposed weights of a layer whose input is indices, once. */
    void reserveTransposedWeights() {
        if (transposedWeights == null) {
            transposedWeights = allocate((long) spec.inputSize() * spec.gateRows(), "transposed weights");
        }
    }

    long transposedWeights() {
        return Objects.requireNonNull(transposedWeights).address();
    }

    @Override
    public void forward(RnnCall call) {
        CudaPass pass = run(call, false);
        giveBack(pass);
    }

    @Override
    public RnnPass train(RnnCall call) {
        return run(call, true);
    }

    private CudaPass run(RnnCall call, boolean keep) {
        if (call.x() instanceof IntTensor tokens) {
            requireIndices(tokens, call.lengths());
        }
        backend.context().enter();
        try {
            requireOpen();
            CudaPass pass = free.isEmpty() ? another() : free.pop();
            try {
                pass.forward(call, keep);
            } catch (RuntimeException | Error e) {
                giveBack(pass);
                throw e;
            }
            return pass;
        } finally {
            backend.context().exit();
        }
    }

    /** One more pass, beside those that are open. */
    private CudaPass another() {
        int before = buffers.size();
        try {
            return new CudaPass(backend, this, training);
        } catch (RuntimeException | Error e) {
            List<DeviceMemory.Buffer> made = buffers.subList(before, buffers.size());
            made.forEach(DeviceMemory.Buffer::close);
            made.clear();
            throw e;
        }
    }

    /** Keeps a pass that has ended for the next call. */
    void giveBack(CudaPass pass) {
        free.push(pass);
    }

    private void requireIndices(IntTensor tokens, int @Nullable [] rowLengths) {
        int[] values = ((DeviceIntStorage) tokens.storage()).values();
        int start = tokens.offset();
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

    void requireOpen() {
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
