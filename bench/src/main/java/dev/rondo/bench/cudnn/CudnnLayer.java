package dev.rondo.bench.cudnn;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Direction;
import dev.rondo.Precision;
import dev.rondo.Purpose;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.bench.check.Workspace;
import dev.rondo.cuda.CudaStream;
import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeSet;
import jcuda.Pointer;
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

    private final CudnnMemory x;
    private final CudnnMemory y;
    private final CudnnMemory h;
    private final CudnnMemory c;
    private final CudnnMemory dy;
    private final CudnnMemory dx;
    private final CudnnMemory weights;
    private final CudnnMemory gradients;
    private final CudnnMemory work;
    private final CudnnMemory reserve;
    private final CudnnWeights parts;

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
            parts = stream.with(() -> new CudnnWeights(handle, rnn, spec, dataType, weights));
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

    private CudnnMemory memory(Backend backend, long bytes) {
        if (bytes == 0) {
            return new CudnnMemory(this, stream, elementBytes());
        }
        Tensor tensor = workspace.own(backend.tensor(Math.toIntExact((bytes + Float.BYTES - 1) / Float.BYTES)));
        return new CudnnMemory(this, stream, elementBytes(), tensor, bytes);
    }

    /**
     * Sets the weights.
     *
     * @param parameters of the same network, copied; on any backend
     */
    public void weights(RnnParameters parameters) {
        weights.write(parts.toCudnn(parameters.flat().toFloats()));
    }

    /**
     * Sets the input.
     *
     * @param values {@code [T,N,I]}, copied; on any backend
     */
    public void x(Tensor values) {
        x.write(values.toFloats());
    }

    /**
     * Sets the gradient by the output.
     *
     * @param values {@code [T,N,H]}, copied; on any backend
     */
    public void dy(Tensor values) {
        dy.write(values.toFloats());
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
        gradients.clear();
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
        return y.read();
    }

    /** The last h {@code [1,N,H]}. */
    float[] lastH() {
        return h.read();
    }

    /** The last c {@code [1,N,H]} of an LSTM; empty for the other cells. */
    float[] lastC() {
        return c.read();
    }

    /** The gradient by the input {@code [T,N,I]} of the last backward pass. */
    public float[] dx() {
        return dx.read();
    }

    /**
     * The gradients by the weights, of all backward passes since they were cleared.
     *
     * @param parameters of the same network, on any backend; assigned
     */
    public void gradients(RnnParameters parameters) {
        parameters.flat().set(parts.toRondo(gradients.read(), parameters.flat().size()));
    }

    private void check(int status, String what) {
        CudnnStatus.check(status, what, this);
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
