package dev.rondo.bench.cudnn;

import dev.rondo.ParameterLayout;
import dev.rondo.RnnSpec;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import jcuda.Pointer;
import jcuda.jcudnn.JCudnn;
import jcuda.jcudnn.cudnnDataType;
import jcuda.jcudnn.cudnnHandle;
import jcuda.jcudnn.cudnnRNNDescriptor;
import jcuda.jcudnn.cudnnTensorDescriptor;

/**
 * Where the weights of one layer lie. cuDNN numbers the matrices of the input first and those of the state after them, both in the
 * order of the gates that Rondo has too.
 */
final class CudnnWeights {
    private final int dataType;
    private final int elementBytes;
    private final CudnnMemory space;
    private final int gates;
    private final List<Block> blocks = new ArrayList<>();

    /** A part of the weights: where it begins in Rondo's flat buffer and in cuDNN's space, and how many elements it has. */
    private record Block(int rondo, int cudnn, int size) {}

    /** A pointer that cuDNN sets. */
    private static final class Found extends Pointer {
        long address() {
            return getNativePointer() + getByteOffset();
        }
    }

    /** Asks cuDNN about a described layer; where its handle may be used. */
    CudnnWeights(cudnnHandle handle, cudnnRNNDescriptor rnn, RnnSpec spec, int dataType, CudnnMemory space) {
        this.dataType = dataType;
        this.elementBytes = dataType == cudnnDataType.CUDNN_DATA_FLOAT ? Float.BYTES : Short.BYTES;
        this.space = space;
        this.gates = spec.cell().gates();
        cudnnTensorDescriptor matrix = new cudnnTensorDescriptor();
        cudnnTensorDescriptor bias = new cudnnTensorDescriptor();
        check(JCudnn.cudnnCreateTensorDescriptor(matrix), "cudnnCreateTensorDescriptor");
        try {
            check(JCudnn.cudnnCreateTensorDescriptor(bias), "cudnnCreateTensorDescriptor");
            try {
                find(handle, rnn, spec, matrix, bias);
            } finally {
                JCudnn.cudnnDestroyTensorDescriptor(bias);
            }
        } finally {
            JCudnn.cudnnDestroyTensorDescriptor(matrix);
        }
    }

    private void find(
            cudnnHandle handle,
            cudnnRNNDescriptor rnn,
            RnnSpec spec,
            cudnnTensorDescriptor matrix,
            cudnnTensorDescriptor bias) {
        ParameterLayout layout = spec.layout();
        for (int id = 0; id < 2 * gates; id++) {
            Found matrixAt = new Found();
            Found biasAt = new Found();
            check(
                    JCudnn.cudnnGetRNNWeightParams(
                            handle, rnn, 0, space.bytes, space.pointer, id, matrix, matrixAt, bias, biasAt),
                    "cudnnGetRNNWeightParams");
            String from = id < gates ? "ih_l0" : "hh_l0";
            blocks.add(block(layout.entry("weight_" + from), id % gates, matrix, matrixAt));
            if (spec.bias()) {
                blocks.add(block(layout.entry("bias_" + from), id % gates, bias, biasAt));
            }
        }
    }

    private Block block(ParameterLayout.Entry entry, int gate, cudnnTensorDescriptor descriptor, Found at) {
        int size = entry.size() / gates;
        int[] type = new int[1];
        int[] rank = new int[1];
        int[] sizes = new int[3];
        int[] strides = new int[3];
        check(
                JCudnn.cudnnGetTensorNdDescriptor(descriptor, sizes.length, type, rank, sizes, strides),
                "cudnnGetTensorNdDescriptor");
        long offset = at.address() - space.address;
        if (type[0] != dataType
                || rank[0] != sizes.length
                || (long) sizes[0] * sizes[1] * sizes[2] != size
                || offset < 0
                || offset % elementBytes != 0
                || offset + (long) size * elementBytes > space.bytes) {
            throw new CudnnException(
                    "cudnnGetRNNWeightParams of " + entry.name() + ", gate " + gate + ": expected " + size
                            + " elements in " + space.bytes + " bytes, got type " + type[0] + ", sizes "
                            + Arrays.toString(sizes) + " at byte " + offset,
                    false);
        }
        return new Block(entry.offset() + gate * size, Math.toIntExact(offset / elementBytes), size);
    }

    /** Rondo's flat weights in cuDNN's places. */
    float[] toCudnn(float[] from) {
        float[] to = new float[space.elements()];
        for (Block block : blocks) {
            System.arraycopy(from, block.rondo, to, block.cudnn, block.size);
        }
        return to;
    }

    /** What cuDNN has in its places as so many flat weights of Rondo. */
    float[] toRondo(float[] from, int count) {
        float[] to = new float[count];
        for (Block block : blocks) {
            System.arraycopy(from, block.cudnn, to, block.rondo, block.size);
        }
        return to;
    }

    private void check(int status, String what) {
        CudnnStatus.check(status, what, "a layer");
    }
}
