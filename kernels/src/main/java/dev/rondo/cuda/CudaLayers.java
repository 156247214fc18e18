package dev.rondo.cuda;

import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import dev.rondo.spi.LayerKernels;
import org.jspecify.annotations.Nullable;

/** Linear layer, embedding and layer normalisation. */
final class CudaLayers implements LayerKernels {
    private final CudaKernels backend;
    private final Scratch scratch;
    private final CudaLayerNorm layerNorm;

    CudaLayers(CudaKernels backend) {
        this.backend = backend;
        this.scratch = new Scratch(backend.memory(), "sums of weight gradients");
        this.layerNorm = new CudaLayerNorm(backend);
    }

    @Override
    public void linearForward(Tensor weight, @Nullable Tensor bias, Tensor x, Tensor y) {
        int outputs = weight.dimension(0);
        int inputs = weight.dimension(1);
        int rows = x.size() / inputs;
        backend.context().enter();
        try {
            if (bias != null) {
                backend.launcher()
                        .of(Kernel.FILL_ROWS)
                        .pointer(backend.address(y))
                        .integer(outputs)
                        .wide(rows)
                        .integer(outputs)
                        .pointer(backend.address(bias))
                        .pointer(0)
                        .linear((long) rows * outputs);
            }
            backend.products()
                    .nt(
                            backend.address(x),
                            inputs,
                            backend.address(weight),
                            inputs,
                            backend.address(y),
                            outputs,
                            rows,
                            outputs,
                            inputs,
                            bias != null);
        } finally {
            backend.context().exit();
        }
    }

    @Override
    public void linearBackward(
            Tensor weight, Tensor x, Tensor dy, @Nullable Tensor dx, @Nullable Tensor dWeight, @Nullable Tensor dBias) {
        int outputs = weight.dimension(0);
        int inputs = weight.dimension(1);
        int rows = x.size() / inputs;
        backend.context().enter();
        try {
            long sums = scratch.atLeast(4
                    * Math.max(
                            dWeight == null ? 0 : backend.products().scratchElements(outputs, inputs, rows),
                            dBias == null ? 0 : ColumnSums.scratchElements(rows, outputs)));
            long da = backend.address(dy);
            if (dx != null) {
                backend.products()
                        .nn(
                                da,
                                outputs,
                                backend.address(weight),
                                inputs,
                                backend.address(dx),
                                inputs,
                                rows,
                                inputs,
                                outputs,
                                false);
            }
            if (dWeight != null) {
                backend.products()
                        .addTransposed(
                                da,
                                outputs,
                                backend.address(x),
                                inputs,
                                backend.address(dWeight),
                                inputs,
                                outputs,
                                inputs,
                                rows,
                                sums);
            }
            if (dBias != null) {
                ColumnSums.add(backend.launcher(), da, outputs, rows, outputs, backend.address(dBias), sums);
            }
        } finally {
            backend.context().exit();
        }
    }

    @Override
    public void embeddingForward(Tensor table, IntTensor indices, Tensor y) {
        int vocabulary = table.dimension(0);
        int size = table.dimension(1);
        requireIndices(indices, vocabulary);
        int rows = indices.size();
        backend.context().enter();
        try {
            backend.launcher()
                    .of(Kernel.GATHER_ROWS)
                    .pointer(backend.address(table))
                    .integer(size)
                    .integer(vocabulary)
                    .pointer(backend.address(indices))
                    .integer(rows)
                    .integer(size)
                    .pointer(backend.address(y))
                    .integer(size)
                    .flag(false)
                    .linear((long) rows * size);
        } finally {
            backend.context().exit();
        }
    }

    @Override
    public void embeddingBackward(IntTensor indices, Tensor dy, Tensor dTable) {
        int vocabulary = dTable.dimension(0);
        int size = dTable.dimension(1);
        requireIndices(indices, vocabulary);
        backend.context().enter();
        try {
            backend.launcher()
                    .of(Kernel.SCATTER_ADD_ROWS)
                    .pointer(backend.address(dy))
                    .integer(size)
                    .pointer(backend.address(indices))
                    .integer(indices.size())
                    .integer(size)
                    .integer(vocabulary)
                    .pointer(backend.address(dTable))
                    .wide(size)
                    .wide(1)
                    .grid(Math.min(vocabulary, 65535), Math.min(65535, (size + 255L) / 256), 1, Launcher.THREADS, 1);
        } finally {
            backend.context().exit();
        }
    }

    private static void requireIndices(IntTensor indices, int vocabulary) {
        int[] values = ((DeviceIntStorage) indices.storage()).values();
        int start = indices.offset();
        for (int m = 0; m < indices.size(); m++) {
            int index = values[start + m];
            if (index < 0 || index >= vocabulary) {
                throw new IllegalArgumentException(
                        "indices[" + m + "]: expected 0 to " + (vocabulary - 1) + ", got " + index);
            }
        }
    }

    @Override
    public void layerNormForward(
            Tensor weight, Tensor bias, Tensor x, double epsilon, Tensor y, @Nullable Tensor statistics) {
        layerNorm.forward(weight, bias, x, epsilon, y, statistics);
    }

    @Override
    public void layerNormBackward(
            Tensor weight,
            Tensor x,
            Tensor statistics,
            Tensor dy,
            @Nullable Tensor dx,
            @Nullable Tensor dWeight,
            @Nullable Tensor dBias) {
        layerNorm.backward(weight, x, statistics, dy, dx, dWeight, dBias);
    }
}
