package dev.rondo.cuda;

import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import dev.rondo.spi.LossKernels;
import org.jspecify.annotations.Nullable;

/** The losses and their gradients. */
final class CudaLosses implements LossKernels {
    private static final int WARP = 32;

    private final CudaKernels backend;
    private final Scratch scratch;

    CudaLosses(CudaKernels backend) {
        this.backend = backend;
        this.scratch = new Scratch(backend.memory(), "sums of a loss");
    }

    @Override
    public void softmaxCrossEntropy(Tensor logits, IntTensor targets, Tensor loss, @Nullable Tensor dLogits) {
        int rows = targets.size();
        int classes = logits.size() / rows;
        requireTargets(targets, classes);
        backend.context().enter();
        try {
            long counted = scratch.atLeast(4 * (rows + 1L));
            long rowLoss = counted + 4;
            Launcher launcher = backend.launcher();
            launcher.of(Kernel.SOFTMAX_CROSS_ENTROPY_COUNT)
                    .pointer(backend.address(targets))
                    .integer(rows)
                    .integer(classes)
                    .pointer(counted)
                    .grid(1, 1, 1, Launcher.THREADS, 1);
            int threads = classes > 4 * WARP ? Launcher.THREADS : WARP;
            launcher.of(Kernel.SOFTMAX_CROSS_ENTROPY)
                    .pointer(backend.address(logits))
                    .pointer(backend.address(targets))
                    .integer(rows)
                    .integer(classes)
                    .pointer(counted)
                    .pointer(rowLoss)
                    .pointer(dLogits == null ? 0 : backend.address(dLogits))
                    .grid(launcher.blocks((long) rows * Launcher.THREADS), 1, 1, threads, 1);
            launcher.of(Kernel.SOFTMAX_CROSS_ENTROPY_FINISH)
                    .pointer(rowLoss)
                    .integer(rows)
                    .pointer(counted)
                    .pointer(backend.address(loss))
                    .grid(1, 1, 1, Launcher.THREADS, 1);
        } finally {
            backend.context().exit();
        }
    }

    private static void requireTargets(IntTensor targets, int classes) {
        int[] values = ((DeviceIntStorage) targets.storage()).values();
        int start = targets.offset();
        for (int m = 0; m < targets.size(); m++) {
            if (values[start + m] >= classes) {
                throw new IllegalArgumentException("targets[" + m + "]: expected a class of 0 to " + (classes - 1)
                        + ", or a negative number to mask the row, got " + values[start + m]);
            }
        }
    }

    @Override
    public void meanSquaredError(
            Tensor prediction, Tensor target, @Nullable IntTensor mask, Tensor loss, @Nullable Tensor dPrediction) {
        long size = prediction.size();
        int width = mask == null ? 1 : prediction.size() / mask.size();
        long counted = mask == null ? size : (long) width * unmasked(mask);
        backend.context().enter();
        try {
            Launcher launcher = backend.launcher();
            int parts = launcher.blocks(size);
            long partial = scratch.atLeast(8L * parts);
            launcher.of(Kernel.MEAN_SQUARED_ERROR)
                    .pointer(backend.address(prediction))
                    .pointer(backend.address(target))
                    .pointer(mask == null ? 0 : backend.address(mask))
                    .integer(width)
                    .wide(size)
                    .wide(counted)
                    .pointer(dPrediction == null ? 0 : backend.address(dPrediction))
                    .pointer(partial)
                    .linear(size);
            launcher.of(Kernel.MEAN_SQUARED_ERROR_FINISH)
                    .pointer(partial)
                    .integer(parts)
                    .wide(counted)
                    .pointer(backend.address(loss))
                    .grid(1, 1, 1, Launcher.THREADS, 1);
        } finally {
            backend.context().exit();
        }
    }

    private static int unmasked(IntTensor mask) {
        int[] values = ((DeviceIntStorage) mask.storage()).values();
        int rows = 0;
        for (int m = 0; m < mask.size(); m++) {
            rows += values[mask.offset() + m] != 0 ? 1 : 0;
        }
        return rows;
    }
}
