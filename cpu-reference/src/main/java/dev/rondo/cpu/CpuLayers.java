package dev.rondo.cpu;

import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import dev.rondo.spi.IntArrayStorage;
import dev.rondo.spi.LayerKernels;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Linear layer and embedding; one call at a time, since the scratch is shared. The rows of the linear layer are shared among threads, and for the gradients the columns. */
final class CpuLayers implements LayerKernels {
    private final InnerLoops loops;
    private final Workers workers;
    private final int panel;
    private final HostArray w = new HostArray();
    private final HostArray x = new HostArray();
    private final HostArray y = new HostArray();
    private final HostArray target = new HostArray();
    private final HostArray biasArray = new HostArray();
    private float[] packed = new float[0];
    private float[] packedX = new float[0];
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
    }

    private static float[] atLeast(float[] array, long size) {
        return array.length >= size ? array : Sizes.floats("scratch", 1, 1, Math.toIntExact(size));
    }

    @Override
    public synchronized void linearForward(Tensor weight, @Nullable Tensor bias, Tensor xTensor, Tensor yTensor) {
        outputs = weight.dimension(0);
        inputs = weight.dimension(1);
        rows = (int) (xTensor.size() / inputs);
        int panels = Packing.panels(outputs, panel);
        int padded = panels * panel;
        w.open(weight);
        x.open(xTensor);
        y.open(yTensor);
        if (bias != null) {
            biasArray.open(bias);
        }
        packed = atLeast(packed, (long) padded * inputs);
        result = atLeast(result, (long) rows * padded);
        Packing.transposed(w.array, w.offset, inputs, inputs, outputs, packed, 0, inputs * panel, panel);
        biased = bias != null;
        workers.run((long) rows * inputs * outputs, forwardTask);
        y.writeBack(yTensor);
    }

    private void forwardRows(int worker) {
        int panels = Packing.panels(outputs, panel);
        int padded = panels * panel;
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
                packed,
                0,
                panels,
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
        rows = (int) (xTensor.size() / inputs);
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
        int padded = Packing.panels(inputs, panel) * panel;
        w.open(weight);
        target.open(dx);
        packed = atLeast(packed, (long) padded * outputs);
        result = atLeast(result, (long) rows * padded);
        Packing.rows(w.array, w.offset, inputs, outputs, inputs, packed, 0, outputs * panel, loops);
        workers.run((long) rows * inputs * outputs, inputGradientTask);
        target.writeBack(dx);
    }

    private void inputGradientRows(int worker) {
        int panels = Packing.panels(inputs, panel);
        int padded = panels * panel;
        int first = share(rows, worker);
        int end = share(rows, worker + 1);
        Arrays.fill(result, first * padded, end * padded, 0);
        loops.product(
                y.array,
                y.offset + first * outputs,
                outputs,
                end - first,
                outputs,
                packed,
                0,
                panels,
                result,
                first * padded,
                padded);
        for (int m = first; m < end; m++) {
            System.arraycopy(result, m * padded, target.array, target.offset + m * inputs, inputs);
        }
    }

    private void weightGradient(Tensor xTensor, Tensor dWeight) {
        int padded = Packing.panels(inputs, panel) * panel;
        int blocks = Packing.panels(outputs, panel);
        x.open(xTensor);
        target.open(dWeight);
        int even = Packing.even(rows);
        packedX = atLeast(packedX, (long) padded * even);
        packed = atLeast(packed, (long) blocks * panel * even);
        result = atLeast(result, (long) blocks * panel * padded);
        Packing.rows(x.array, x.offset, inputs, rows, inputs, packedX, 0, even * panel, loops);
        Packing.pad(packedX, 0, rows, padded / panel, panel);
        Packing.rows(y.array, y.offset, outputs, rows, outputs, packed, 0, even * panel, loops);
        Packing.pad(packed, 0, rows, blocks, panel);
        workers.run((long) rows * inputs * outputs, weightGradientTask);
        for (int o = 0; o < outputs; o++) {
            for (int i = 0; i < inputs; i++) {
                target.array[target.offset + o * inputs + i] += result[o * padded + i];
            }
        }
        target.writeBack(dWeight);
    }

    private void weightGradientPanels(int worker) {
        int panels = Packing.panels(inputs, panel);
        int padded = panels * panel;
        int blocks = Packing.panels(outputs, panel);
        int first = share(panels, worker);
        int end = share(panels, worker + 1);
        for (int o = 0; o < blocks * panel; o++) {
            Arrays.fill(result, o * padded + first * panel, o * padded + end * panel, 0);
        }
        for (int i = 0; i < blocks; i++) {
            int row = i * panel;
            int even = Packing.even(rows);
            int from = first * even * panel;
            int to = row * padded + first * panel;
            loops.transposedProduct(packed, row * even, even, packedX, from, end - first, result, to, padded);
        }
    }

    @Override
    public synchronized void embeddingForward(Tensor table, IntTensor indices, Tensor yTensor) {
        int vocabulary = table.dimension(0);
        int size = table.dimension(1);
        int[] index = ((IntArrayStorage) indices.storage()).array();
        int start = (int) indices.offset();
        w.open(table);
        y.open(yTensor);
        requireIndices(index, start, (int) indices.size(), vocabulary);
        for (int m = 0; m < indices.size(); m++) {
            System.arraycopy(w.array, w.offset + index[start + m] * size, y.array, y.offset + m * size, size);
        }
        y.writeBack(yTensor);
    }

    @Override
    public synchronized void embeddingBackward(IntTensor indices, Tensor dy, Tensor dTable) {
        int size = dTable.dimension(1);
        int[] index = ((IntArrayStorage) indices.storage()).array();
        int start = (int) indices.offset();
        requireIndices(index, start, (int) indices.size(), dTable.dimension(0));
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
