package dev.rondo.cuda;

import dev.rondo.Tensor;
import org.jspecify.annotations.Nullable;

/** Layer normalisation. */
final class CudaLayerNorm {
    private final CudaKernels backend;
    private final Scratch scratch;

    CudaLayerNorm(CudaKernels backend) {
        this.backend = backend;
        this.scratch = new Scratch(backend.memory(), "sums of the gradients of a layer normalisation");
    }

    /** {@link dev.rondo.spi.LayerKernels#layerNormForward}. */
    void forward(Tensor weight, Tensor bias, Tensor x, double epsilon, Tensor y, @Nullable Tensor statistics) {
        int size = weight.size();
        int rows = x.size() / size;
        backend.context().enter();
        try {
            backend.launcher()
                    .of(Kernel.LAYER_NORM_FORWARD)
                    .pointer(backend.address(weight))
                    .pointer(backend.address(bias))
                    .pointer(backend.address(x))
                    .integer(rows)
                    .integer(size)
                    .real(epsilon)
                    .pointer(backend.address(y))
                    .pointer(backend.addressOrNull(statistics))
                    .rows(rows, size);
        } finally {
            backend.context().exit();
        }
    }

    /** {@link dev.rondo.spi.LayerKernels#layerNormBackward}. The weights first: what follows may overwrite dy. */
    void backward(
            Tensor weight,
            Tensor x,
            Tensor statistics,
            Tensor dy,
            @Nullable Tensor dx,
            @Nullable Tensor dWeight,
            @Nullable Tensor dBias) {
        int size = weight.size();
        int rows = x.size() / size;
        backend.context().enter();
        try {
            if (dWeight != null && dBias != null) {
                weightGradients(x, statistics, dy, rows, size, backend.address(dWeight), backend.address(dBias));
            }
            if (dx != null) {
                backend.launcher()
                        .of(Kernel.LAYER_NORM_BACKWARD)
                        .pointer(backend.address(weight))
                        .pointer(backend.address(x))
                        .pointer(backend.address(statistics))
                        .pointer(backend.address(dy))
                        .integer(rows)
                        .integer(size)
                        .pointer(backend.address(dx))
                        .rows(rows, size);
            }
        } finally {
            backend.context().exit();
        }
    }

    private void weightGradients(Tensor x, Tensor statistics, Tensor dy, int rows, int size, long dWeight, long dBias) {
        Launcher launcher = backend.launcher();
        int parts = ColumnSums.parts(rows);
        long forWeight = scratch.atLeast(2 * 4L * parts * size);
        long forBias = forWeight + 4L * parts * size;
        launcher.of(Kernel.LAYER_NORM_WEIGHT_SUMS)
                .pointer(backend.address(x))
                .pointer(backend.address(statistics))
                .pointer(backend.address(dy))
                .wide(rows)
                .integer(size)
                .integer(ColumnSums.rowsOfPart(rows))
                .pointer(forWeight)
                .pointer(forBias)
                .grid(ColumnSums.blocks(size), parts, 1, ColumnSums.BLOCK_COLUMNS, ColumnSums.BLOCK_ROWS);
        ColumnSums.finish(launcher, forWeight, parts, size, dWeight);
        ColumnSums.finish(launcher, forBias, parts, size, dBias);
    }
}
