package dev.rondo.cpu;

import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import dev.rondo.internal.IntArrayStorage;
import dev.rondo.spi.LayerKernels;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/**
 * Linear layer and embedding; one call at a time, since the scratch is shared. The rows of the linear layer are shared among
 * threads, and for the gradients the columns.
 */
final class CpuLayers implements LayerKernels {
    private final InnerLoops loops;
    private final Workers workers;
    private final int panel;
    private final HostArray w = new HostArray();
    private final HostArray x = new HostArray();
    private final HostArray y = new HostArray();
    private final HostArray target = new HostArray();
    private final HostArray biasArray = new HostArray();
    private PackedMatrix packedWeight;
    private PackedMatrix packedX;
    private PackedMatrix packedDy;
    private float[] result = new float[0];
    private final Workers.Task forwardTask = this::forwardRows;
    private final Workers.Task inputGradientTask = this::inputGradientRows;
    private final Workers.Task weightGradientTask = this::weightGradientPanels;
    private int rows;
    private int inputs;
    private int outputs;
    private boolean biased;

    CpuLayers(InnerLoops loops, Workers workers) {
        this.loops = loops;
        this.workers = workers;
        this.panel = loops.panel();
        this.packedWeight = loops.matrix(new AlignedMemory(""), 0, 0);
        this.packedX = packedWeight;
        this.packedDy = packedWeight;
    }

    /** The same matrix if there is room in it, else a larger one. */
    private PackedMatrix atLeast(PackedMatrix matrix, int depth, int columns) {
        if (matrix.depth >= depth && matrix.columns >= columns) {
            return matrix;
        }
        AlignedMemory memory = new AlignedMemory("packed operands of a linear layer");
        PackedMatrix larger = loops.matrix(memory, Math.max(depth, matrix.depth), Math.max(columns, matrix.columns));
        memory.allocate();
        return larger;
    }

    private static float[] atLeast(float[] array, int rows, int columns) {
        return array.length >= (long) rows * columns
                ? array
                : Sizes.floats("scratch of a linear layer", 1, rows, columns);
    }

    @Override
    public synchronized void linearForward(Tensor weight, @Nullable Tensor bias, Tensor xTensor, Tensor yTensor) {
        outputs = weight.dimension(0);
        inputs = weight.dimension(1);
        rows = xTensor.size() / inputs;
        int padded = PackedMatrix.padded(outputs, panel);
        w.open(weight);
        x.open(xTensor);
        y.open(yTensor);
        if (bias != null) {
            biasArray.open(bias);
        }
        packedWeight = atLeast(packedWeight, inputs, outputs);
        result = atLeast(result, rows, padded);
        packedWeight.packTransposed(w.array, w.offset, inputs, inputs, outputs, 0, 0);
        biased = bias != null;
        workers.run((long) rows * inputs * outputs, forwardTask);
        y.writeBack(yTensor);
    }

    private void forwardRows(int worker) {
        int padded = PackedMatrix.padded(outputs, panel);
        int first = share(rows, worker);
        int end = share(rows, worker + 1);
        for (int m = first; m < end; m++) {
            Arrays.fill(result, m * padded, (m + 1) * padded, 0);
            if (biased) {
                System.arraycopy(biasArray.array, biasArray.offset, result, m * padded, outputs);
            }
        }
        loops.product(
                x.array,
                x.offset + first * inputs,
                inputs,
                end - first,
                inputs,
                packedWeight,
                0,
                padded / panel,
                result,
                first * padded,
                padded);
        for (int m = first; m < end; m++) {
            System.arraycopy(result, m * padded, y.array, y.offset + m * outputs, outputs);
        }
    }

    /** The first of so many parts that belongs to a worker. */
    private int share(int parts, int worker) {
        return (int) ((long) parts * worker / workers.active());
    }

    @Override
    public synchronized void linearBackward(
            Tensor weight,
            Tensor xTensor,
            Tensor dyTensor,
            @Nullable Tensor dx,
            @Nullable Tensor dWeight,
            @Nullable Tensor dBias) {
        outputs = weight.dimension(0);
        inputs = weight.dimension(1);
        rows = xTensor.size() / inputs;
        y.open(dyTensor);
        if (dx != null) {
            inputGradient(weight, dx);
        }
        if (dWeight != null) {
            weightGradient(xTensor, dWeight);
        }
        if (dBias != null) {
            target.open(dBias);
            for (int m = 0; m < rows; m++) {
                for (int o = 0; o < outputs; o++) {
                    target.array[target.offset + o] += y.array[y.offset + m * outputs + o];
                }
            }
            target.writeBack(dBias);
        }
    }

    private void inputGradient(Tensor weight, Tensor dx) {
        int padded = PackedMatrix.padded(inputs, panel);
        w.open(weight);
        target.open(dx);
        packedWeight = atLeast(packedWeight, outputs, inputs);
        result = atLeast(result, rows, padded);
        packedWeight.pack(w.array, w.offset, inputs, outputs, inputs, 0, 0);
        workers.run((long) rows * inputs * outputs, inputGradientTask);
        target.writeBack(dx);
    }

    private void inputGradientRows(int worker) {
        int padded = PackedMatrix.padded(inputs, panel);
        int first = share(rows, worker);
        int end = share(rows, worker + 1);
        Arrays.fill(result, first * padded, end * padded, 0);
        loops.product(
                y.array,
                y.offset + first * outputs,
                outputs,
                end - first,
                outputs,
                packedWeight,
                0,
                padded / panel,
                result,
                first * padded,
                padded);
        for (int m = first; m < end; m++) {
            System.arraycopy(result, m * padded, target.array, target.offset + m * inputs, inputs);
        }
    }

    private void weightGradient(Tensor xTensor, Tensor dWeight) {
        int padded = PackedMatrix.padded(inputs, panel);
        x.open(xTensor);
        target.open(dWeight);
        packedX = atLeast(packedX, rows + 1, inputs);
        packedDy = atLeast(packedDy, rows + 1, outputs);
        result = atLeast(result, PackedMatrix.padded(outputs, panel), padded);
        packedX.pack(x.array, x.offset, inputs, rows, inputs, 0, 0);
        packedX.clear(rows, inputs);
        packedDy.pack(y.array, y.offset, outputs, rows, outputs, 0, 0);
        packedDy.clear(rows, outputs);
        workers.run((long) rows * inputs * outputs, weightGradientTask);
        for (int o = 0; o < outputs; o++) {
            for (int i = 0; i < inputs; i++) {
                target.array[target.offset + o * inputs + i] += result[o * padded + i];
            }
        }
        target.writeBack(dWeight);
    }

    private void weightGradientPanels(int worker) {
        int padded = PackedMatrix.padded(inputs, panel);
        int all = PackedMatrix.padded(outputs, panel);
        int first = share(padded / panel, worker);
        int panels = share(padded / panel, worker + 1) - first;
        for (int o = 0; o < all; o++) {
            int to = o * padded + first * panel;
            Arrays.fill(result, to, to + panels * panel, 0);
        }
        loops.transposedProduct(packedDy, all, rows, packedX, first, panels, result, first * panel, padded);
    }

    @Override
    public synchronized void embeddingForward(Tensor table, IntTensor indices, Tensor yTensor) {
        int vocabulary = table.dimension(0);
        int size = table.dimension(1);
        int[] index = ((IntArrayStorage) indices.storage()).array();
        int start = indices.offset();
        w.open(table);
        y.open(yTensor);
        requireIndices(index, start, indices.size(), vocabulary);
        for (int m = 0; m < indices.size(); m++) {
            System.arraycopy(w.array, w.offset + index[start + m] * size, y.array, y.offset + m * size, size);
        }
        y.writeBack(yTensor);
    }

    @Override
    public synchronized void embeddingBackward(IntTensor indices, Tensor dy, Tensor dTable) {
        int size = dTable.dimension(1);
        int[] index = ((IntArrayStorage) indices.storage()).array();
        int start = indices.offset();
        requireIndices(index, start, indices.size(), dTable.dimension(0));
        y.open(dy);
        target.open(dTable);
        for (int m = 0; m < indices.size(); m++) {
            int to = target.offset + index[start + m] * size;
            int from = y.offset + m * size;
            for (int e = 0; e < size; e++) {
                target.array[to + e] += y.array[from + e];
            }
        }
        target.writeBack(dTable);
    }

    private static void requireIndices(int[] index, int start, int count, int vocabulary) {
        for (int m = 0; m < count; m++) {
            if (index[start + m] < 0 || index[start + m] >= vocabulary) {
                throw new IllegalArgumentException(
                        "indices[" + m + "]: expected 0 to " + (vocabulary - 1) + ", got " + index[start + m]);
            }
        }
    }
}
