package dev.rondo.bench.cudnn;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Direction;
import dev.rondo.ParameterLayout;
import dev.rondo.Precision;
import dev.rondo.Purpose;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.bench.check.Workspace;
import dev.rondo.cuda.CudaMemory;
import dev.rondo.cuda.CudaStream;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Deque;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnDirectionMode;
import jcuda.jcudnn.cudnnDropoutDescriptor;
import jcuda.jcudnn.cudnnForwardMode;
import jcuda.jcudnn.cudnnHandle;
import jcuda.jcudnn.cudnnMathType;
import jcuda.jcudnn.cudnnRNNAlgo;
import jcuda.jcudnn.cudnnRNNBiasMode;
import jcuda.jcudnn.cudnnRNNDataDescriptor;
import jcuda.jcudnn.cudnnRNNDataLayout;
import jcuda.jcudnn.cudnnRNNDescriptor;
import jcuda.jcudnn.cudnnRNNInputMode;
import jcuda.jcudnn.cudnnRNNMode;
import jcuda.jcudnn.cudnnTensorDescriptor;
import jcuda.jcudnn.cudnnWgradMode;
import jcuda.runtime.cudaStream_t;

/**
 * One forward layer computed by cuDNN, in the memory and in the stream of an open backend {@code cuda}. The initial state is zero,
 * all rows are full. Used by one thread at a time.
 *
 * <p>What {@link #forward} and {@link #backward} do is what a program would do in each step of a training, and is there to be
 * timed. Everything else converts and copies, and waits.
 */
public final class CudnnLayer implements AutoCloseable {
    /** The algorithms of cuDNN. */
    public enum Algorithm {
        /** A launch or several for each step; every network. */
        STANDARD(cudnnRNNAlgo.CUDNN_RNN_ALGO_STANDARD),
        /** One launch for all steps. */
        PERSIST_STATIC(cudnnRNNAlgo.CUDNN_RNN_ALGO_PERSIST_STATIC),
        /** The same, compiled for the sizes while the layer is made. */
        PERSIST_DYNAMIC(cudnnRNNAlgo.CUDNN_RNN_ALGO_PERSIST_DYNAMIC),
        /** One launch for all steps of a small state. */
        PERSIST_STATIC_SMALL_H(cudnnRNNAlgo.CUDNN_RNN_ALGO_PERSIST_STATIC_SMALL_H);

        private final int code;

        Algorithm(int code) {
            this.code = code;
        }
    }

    /** cuDNN's cells; it has no other one of Rondo's. */
    private static final Map<Cell, Integer> MODES = Map.of(
            Cell.RNN_TANH, cudnnRNNMode.CUDNN_RNN_TANH,
            Cell.RNN_RELU, cudnnRNNMode.CUDNN_RNN_RELU,
            Cell.LSTM, cudnnRNNMode.CUDNN_LSTM,
            Cell.GRU, cudnnRNNMode.CUDNN_GRU);

    /** From cuDNN 9 on; the numbers before are others. */
    private static final int FIRST_NOT_SUPPORTED = 3000;

    private static final int LAST_NOT_SUPPORTED = 3999;
    /** Without it cuDNN takes packed sequences only. */
    private static final int PADDED_IO = 1;

    private static final Pointer NONE = new Pointer();

    private final CudaStream stream;
    private final RnnSpec spec;
    private final int steps;
    private final int batch;
    private final Purpose purpose;
    private final Algorithm algorithm;
    private final Precision precision;
    private final int dataType;
    private final Workspace workspace;
    private final Deque<Runnable> descriptors = new ArrayDeque<>();

    private final cudnnHandle handle = new cudnnHandle();
    private final cudnnRNNDescriptor rnn = new cudnnRNNDescriptor();
    private final cudnnRNNDataDescriptor xSequence = new cudnnRNNDataDescriptor();
    private final cudnnRNNDataDescriptor ySequence = new cudnnRNNDataDescriptor();
    private final cudnnTensorDescriptor state = new cudnnTensorDescriptor();

    private final Memory x;
    private final Memory y;
    private final Memory h;
    private final Memory c;
    private final Memory dy;
    private final Memory dx;
    private final Memory weights;
    private final Memory gradients;
    private final Memory work;
    private final Memory reserve;
    private final List<Block> blocks;

    /** A part of the weights: where it begins in Rondo's flat buffer and in cuDNN's space, and how many elements it has. */
    private record Block(int rondo, int cudnn, int size) {}

    /** Memory of the device; the pointer is null if there is none. */
    private record Memory(CUdeviceptr pointer, long address, long bytes) {}

    /** A pointer that cuDNN sets. */
    private static final class Found extends Pointer {
        long address() {
            return getNativePointer() + getByteOffset();
        }
    }

    /**
     * Makes the layer; its weights and inputs are not set yet.
     *
     * @param backend an open backend {@code cuda}
     * @param spec one forward layer
     * @param steps T
     * @param batch N
     * @param purpose whether there will be backward passes
     * @param algorithm how cuDNN is to compute it
     * @param precision FP32: float32 as it is; TF32: float32, and cuDNN may round the factors of products; BF16: data in bfloat16 and
     *     sums in float32
     * @throws CudnnException if cuDNN does not have it, or fails; or there is no cuDNN
     * @throws dev.rondo.BackendException if the device fails
     */
    public CudnnLayer(
            Backend backend,
            RnnSpec spec,
            int steps,
            int batch,
            Purpose purpose,
            Algorithm algorithm,
            Precision precision) {
        this.stream = CudaStream.of(backend);
        this.spec = spec;
        this.steps = steps;
        this.batch = batch;
        this.purpose = purpose;
        this.algorithm = algorithm;
        this.precision = precision;
        require();
        this.dataType =
                precision == Precision.BF16 ? cudnnDataType.CUDNN_DATA_BFLOAT16 : cudnnDataType.CUDNN_DATA_FLOAT;
        this.workspace = new Workspace(backend);
        try {
            stream.with(() -> {
                describe();
                return null;
            });
            boolean training = purpose == Purpose.TRAINING;
            long[] workBytes = new long[1];
            long[] reserveBytes = new long[1];
            long[] weightBytes = new long[1];
            stream.with(() -> {
                check(
                        JCudnn.cudnnGetRNNTempSpaceSizes(
                                handle, rnn, forwardMode(), xSequence, workBytes, reserveBytes),
                        "cudnnGetRNNTempSpaceSizes");
                check(JCudnn.cudnnGetRNNWeightSpaceSize(handle, rnn, weightBytes), "cudnnGetRNNWeightSpaceSize");
                return null;
            });
            long tokens = (long) steps * batch;
            long width = elementBytes();
            x = memory(backend, tokens * spec.inputSize() * width);
            y = memory(backend, tokens * spec.hiddenSize() * width);
            h = memory(backend, (long) batch * spec.hiddenSize() * width);
            c = memory(backend, spec.cell() == Cell.LSTM ? h.bytes : 0);
            dy = memory(backend, training ? y.bytes : 0);
            dx = memory(backend, training ? x.bytes : 0);
            weights = memory(backend, weightBytes[0]);
            gradients = memory(backend, training ? weightBytes[0] : 0);
            work = memory(backend, workBytes[0]);
            reserve = memory(backend, reserveBytes[0]);
            blocks = stream.with(this::blocks);
        } catch (RuntimeException | Error e) {
            try {
                close();
            } catch (RuntimeException again) {
                e.addSuppressed(again);
            }
            throw e;
        }
    }

    /** The cells that cuDNN has, in a fixed order. */
    static Set<Cell> cells() {
        return new TreeSet<>(MODES.keySet());
    }

    /** Refuses what cuDNN does not have. */
    private void require() {
        CudnnLibrary.get().absent().ifPresent(reason -> {
            throw new CudnnException("there is no cuDNN: " + reason, false);
        });
        if (spec.layers() != 1 || spec.direction() != Direction.FORWARD) {
            throw new IllegalArgumentException("spec: expected one forward layer, got " + spec);
        }
        if (!MODES.containsKey(spec.cell())) {
            throw new CudnnException("cuDNN has no counterpart of cell " + spec.cell(), true);
        }
        if (precision == Precision.TF32X3) {
            throw new CudnnException("cuDNN has no counterpart of " + precision, true);
        }
    }

    private void describe() {
        make(JCudnn.cudnnCreate(handle), "cudnnCreate", () -> JCudnn.cudnnDestroy(handle));
        check(JCudnn.cudnnSetStream(handle, new cudaStream_t(stream.handle())), "cudnnSetStream");
        make(
                JCudnn.cudnnCreateRNNDescriptor(rnn),
                "cudnnCreateRNNDescriptor",
                () -> JCudnn.cudnnDestroyRNNDescriptor(rnn));
        check(
                JCudnn.cudnnSetRNNDescriptor_v8(
                        rnn,
                        algorithm.code,
                        Objects.requireNonNull(MODES.get(spec.cell())),
                        spec.bias() ? cudnnRNNBiasMode.CUDNN_RNN_DOUBLE_BIAS : cudnnRNNBiasMode.CUDNN_RNN_NO_BIAS,
                        cudnnDirectionMode.CUDNN_UNIDIRECTIONAL,
                        cudnnRNNInputMode.CUDNN_LINEAR_INPUT,
                        dataType,
                        cudnnDataType.CUDNN_DATA_FLOAT,
                        mathType(),
                        spec.inputSize(),
                        spec.hiddenSize(),
                        spec.hiddenSize(),
                        1,
                        new cudnnDropoutDescriptor(),
                        PADDED_IO),
                "cudnnSetRNNDescriptor_v8");
        describe(xSequence, spec.inputSize());
        describe(ySequence, spec.hiddenSize());
        descriptor(state);
        int[] sizes = {1, batch, spec.hiddenSize()};
        int[] strides = {batch * spec.hiddenSize(), spec.hiddenSize(), 1};
        check(
                JCudnn.cudnnSetTensorNdDescriptor(state, dataType, sizes.length, sizes, strides),
                "cudnnSetTensorNdDescriptor");
        if (algorithm == Algorithm.PERSIST_DYNAMIC) {
            check(JCudnn.cudnnBuildRNNDynamic(handle, rnn, batch), "cudnnBuildRNNDynamic");
        }
    }

    private void describe(cudnnRNNDataDescriptor sequence, int size) {
        make(
                JCudnn.cudnnCreateRNNDataDescriptor(sequence),
                "cudnnCreateRNNDataDescriptor",
                () -> JCudnn.cudnnDestroyRNNDataDescriptor(sequence));
        int[] lengths = new int[batch];
        Arrays.fill(lengths, steps);
        check(
                JCudnn.cudnnSetRNNDataDescriptor(
                        sequence,
                        dataType,
                        cudnnRNNDataLayout.CUDNN_RNN_DATA_LAYOUT_SEQ_MAJOR_UNPACKED,
                        steps,
                        batch,
                        size,
                        lengths,
                        NONE),
                "cudnnSetRNNDataDescriptor");
    }

    private void descriptor(cudnnTensorDescriptor tensor) {
        make(
                JCudnn.cudnnCreateTensorDescriptor(tensor),
                "cudnnCreateTensorDescriptor",
                () -> JCudnn.cudnnDestroyTensorDescriptor(tensor));
    }

    private void make(int status, String what, Runnable destroy) {
        check(status, what);
        descriptors.push(destroy);
    }

    private int mathType() {
        return switch (precision) {
            case FP32 -> cudnnMathType.CUDNN_FMA_MATH;
            case TF32 -> cudnnMathType.CUDNN_DEFAULT_MATH;
            case BF16 -> cudnnMathType.CUDNN_TENSOR_OP_MATH;
            case TF32X3 -> throw new IllegalStateException("refused before");
        };
    }

    private int forwardMode() {
        return purpose == Purpose.TRAINING
                ? cudnnForwardMode.CUDNN_FWD_MODE_TRAINING
                : cudnnForwardMode.CUDNN_FWD_MODE_INFERENCE;
    }

    private int elementBytes() {
        return dataType == cudnnDataType.CUDNN_DATA_FLOAT ? Float.BYTES : Short.BYTES;
    }

    private Memory memory(Backend backend, long bytes) {
        if (bytes == 0) {
            return new Memory(new CUdeviceptr(), 0, 0);
        }
        Tensor tensor = workspace.own(backend.tensor(Math.toIntExact((bytes + Float.BYTES - 1) / Float.BYTES)));
        long address = CudaMemory.pointer(tensor);
        return new Memory(at(address), address, bytes);
    }

    private static CUdeviceptr at(long address) {
        return new CUdeviceptr().withByteOffset(address);
    }

    /**
     * Where the weights lie. cuDNN numbers the matrices of the input first and those of the state after them, both in the order of the
     * gates that Rondo has too.
     */
    private List<Block> blocks() {
        cudnnTensorDescriptor matrix = new cudnnTensorDescriptor();
        cudnnTensorDescriptor bias = new cudnnTensorDescriptor();
        descriptor(matrix);
        descriptor(bias);
        List<Block> found = new ArrayList<>();
        int gates = spec.cell().gates();
        for (int id = 0; id < 2 * gates; id++) {
            Found matrixAt = new Found();
            Found biasAt = new Found();
            check(
                    JCudnn.cudnnGetRNNWeightParams(
                            handle, rnn, 0, weights.bytes, weights.pointer, id, matrix, matrixAt, bias, biasAt),
                    "cudnnGetRNNWeightParams");
            String from = id < gates ? "ih_l0" : "hh_l0";
            found.add(block("weight_" + from, id % gates, matrix, matrixAt));
            if (spec.bias()) {
                found.add(block("bias_" + from, id % gates, bias, biasAt));
            }
        }
        return found;
    }

    private Block block(String name, int gate, cudnnTensorDescriptor descriptor, Found at) {
        ParameterLayout.Entry entry = spec.layout().entry(name);
        int size = Math.toIntExact(entry.size() / spec.cell().gates());
        int[] type = new int[1];
        int[] rank = new int[1];
        int[] sizes = new int[3];
        int[] strides = new int[3];
        check(
                JCudnn.cudnnGetTensorNdDescriptor(descriptor, sizes.length, type, rank, sizes, strides),
                "cudnnGetTensorNdDescriptor");
        long offset = at.address() - weights.address;
        if (type[0] != dataType
                || rank[0] != sizes.length
                || (long) sizes[0] * sizes[1] * sizes[2] != size
                || offset < 0
                || offset % elementBytes() != 0
                || offset + (long) size * elementBytes() > weights.bytes) {
            throw new CudnnException(
                    "cudnnGetRNNWeightParams of " + name + ", gate " + gate + ": expected " + size + " elements in "
                            + weights.bytes + " bytes, got type " + type[0] + ", sizes " + Arrays.toString(sizes)
                            + " at byte " + offset,
                    false);
        }
        return new Block(
                Math.toIntExact(entry.offset() + (long) gate * size), Math.toIntExact(offset / elementBytes()), size);
    }

    /**
     * Sets the weights.
     *
     * @param parameters of the same network, copied; on any backend
     */
    public void weights(RnnParameters parameters) {
        float[] from = parameters.flat().toFloats();
        float[] to = new float[Math.toIntExact(weights.bytes / elementBytes())];
        for (Block block : blocks) {
            System.arraycopy(from, block.rondo, to, block.cudnn, block.size);
        }
        write(weights, to);
    }

    /**
     * Sets the input.
     *
     * @param values {@code [T,N,I]}, copied; on any backend
     */
    public void x(Tensor values) {
        write(x, values.toFloats());
    }

    /**
     * Sets the gradient by the output.
     *
     * @param values {@code [T,N,H]}, copied; on any backend
     */
    public void dy(Tensor values) {
        write(dy, values.toFloats());
    }

    /**
     * Queues the forward pass.
     *
     * @throws CudnnException if cuDNN refuses it
     */
    public void forward() {
        stream.with(() -> {
            check(
                    JCudnn.cudnnRNNForward(
                            handle,
                            rnn,
                            forwardMode(),
                            NONE,
                            xSequence,
                            x.pointer,
                            ySequence,
                            y.pointer,
                            state,
                            NONE,
                            h.pointer,
                            state,
                            NONE,
                            c.pointer,
                            weights.bytes,
                            weights.pointer,
                            work.bytes,
                            work.pointer,
                            reserve.bytes,
                            reserve.pointer),
                    "cudnnRNNForward");
            return null;
        });
    }

    /** Makes the gradients of the weights zero, to which backward passes add. */
    public void clearGradients() {
        stream.with(() -> {
            checkDriver(
                    JCudaDriver.cuMemsetD8Async(gradients.pointer, (byte) 0, gradients.bytes, stream.handle()),
                    "cuMemsetD8Async");
            return null;
        });
    }

    /**
     * Queues the backward pass of the last forward pass, with the gradients of the input, which are assigned, and of the weights,
     * which are added to what is there.
     *
     * @throws CudnnException if cuDNN refuses it
     */
    public void backward() {
        stream.with(() -> {
            check(
                    JCudnn.cudnnRNNBackwardData_v8(
                            handle,
                            rnn,
                            NONE,
                            ySequence,
                            y.pointer,
                            dy.pointer,
                            xSequence,
                            dx.pointer,
                            state,
                            NONE,
                            NONE,
                            NONE,
                            state,
                            NONE,
                            NONE,
                            NONE,
                            weights.bytes,
                            weights.pointer,
                            work.bytes,
                            work.pointer,
                            reserve.bytes,
                            reserve.pointer),
                    "cudnnRNNBackwardData_v8");
            check(
                    JCudnn.cudnnRNNBackwardWeights_v8(
                            handle,
                            rnn,
                            cudnnWgradMode.CUDNN_WGRAD_MODE_ADD,
                            NONE,
                            xSequence,
                            x.pointer,
                            state,
                            NONE,
                            ySequence,
                            y.pointer,
                            gradients.bytes,
                            gradients.pointer,
                            work.bytes,
                            work.pointer,
                            reserve.bytes,
                            reserve.pointer),
                    "cudnnRNNBackwardWeights_v8");
            return null;
        });
    }

    /** The output {@code [T,N,H]} of the last forward pass. */
    public float[] y() {
        return read(y);
    }

    /** The last h {@code [1,N,H]}. */
    float[] lastH() {
        return read(h);
    }

    /** The last c {@code [1,N,H]} of an LSTM; empty for the other cells. */
    float[] lastC() {
        return read(c);
    }

    /** The gradient by the input {@code [T,N,I]} of the last backward pass. */
    public float[] dx() {
        return read(dx);
    }

    /**
     * The gradients by the weights, of all backward passes since they were cleared.
     *
     * @param parameters of the same network, on any backend; assigned
     */
    public void gradients(RnnParameters parameters) {
        float[] from = read(gradients);
        float[] to = new float[Math.toIntExact(parameters.flat().size())];
        for (Block block : blocks) {
            System.arraycopy(from, block.cudnn, to, block.rondo, block.size);
        }
        parameters.flat().set(to);
    }

    private void write(Memory memory, float[] values) {
        if ((long) values.length * elementBytes() != memory.bytes) {
            throw new IllegalArgumentException(
                    "values: expected " + memory.bytes / elementBytes() + " elements, got " + values.length);
        }
        Pointer source = Pointer.to(values);
        if (elementBytes() == Short.BYTES) {
            short[] bits = new short[values.length];
            for (int i = 0; i < bits.length; i++) {
                bits[i] = bfloat16(values[i]);
            }
            source = Pointer.to(bits);
        }
        copy(JCudaDriver::cuMemcpyHtoD, memory.pointer, source, memory.bytes);
    }

    private float[] read(Memory memory) {
        float[] values = new float[Math.toIntExact(memory.bytes / elementBytes())];
        if (memory.bytes == 0) {
            return values;
        }
        if (elementBytes() == Float.BYTES) {
            copy(JCudaDriver::cuMemcpyDtoH, Pointer.to(values), memory.pointer, memory.bytes);
            return values;
        }
        short[] bits = new short[values.length];
        copy(JCudaDriver::cuMemcpyDtoH, Pointer.to(bits), memory.pointer, memory.bytes);
        for (int i = 0; i < bits.length; i++) {
            values[i] = Float.intBitsToFloat(bits[i] << 16);
        }
        return values;
    }

    @FunctionalInterface
    private interface Copy<T, S> {
        int of(T target, S source, long bytes);
    }

    /** Between two waits: the copy is in another stream, and may return before it has come to its end. */
    private <T, S> void copy(Copy<T, S> copy, T target, S source, long bytes) {
        stream.with(() -> {
            checkDriver(JCudaDriver.cuStreamSynchronize(stream.handle()), "cuStreamSynchronize");
            checkDriver(copy.of(target, source, bytes), "a copy of " + bytes + " bytes");
            checkDriver(JCudaDriver.cuCtxSynchronize(), "cuCtxSynchronize");
            return null;
        });
    }

    /** The nearest number of bfloat16, ties to even. */
    private static short bfloat16(float value) {
        int bits = Float.floatToIntBits(value);
        return Float.isNaN(value) ? (short) 0x7fc0 : (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
    }

    private void check(int status, String what) {
        if (status == 0) {
            return;
        }
        throw new CudnnException(
                what + " for " + this + ": " + JCudnn.cudnnGetErrorString(status) + " (" + status + ")",
                status >= FIRST_NOT_SUPPORTED && status <= LAST_NOT_SUPPORTED);
    }

    private void checkDriver(int status, String what) {
        if (status != CUresult.CUDA_SUCCESS) {
            throw new CudnnException(
                    what + " for " + this + ": " + CUresult.stringFor(status) + " (" + status + ")", false);
        }
    }

    /** Such as {@code LSTM training T35 N32 I28 H256 by STANDARD in FP32}. */
    @Override
    public String toString() {
        return spec.cell() + " " + purpose.name().toLowerCase(Locale.ROOT) + " T" + steps + " N" + batch + " I"
                + spec.inputSize() + " H" + spec.hiddenSize() + " by " + algorithm + " in " + precision;
    }

    /** Waits for the calls in progress and gives everything back; a second call does nothing. */
    @Override
    public void close() {
        try {
            if (!descriptors.isEmpty()) {
                stream.with(() -> {
                    JCudaDriver.cuStreamSynchronize(stream.handle());
                    while (!descriptors.isEmpty()) {
                        descriptors.pop().run();
                    }
                    return null;
                });
            }
        } finally {
            workspace.close();
        }
    }
}
