package dev.rondo.cuda;

import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import dev.rondo.spi.DistributionKernels;
import org.jspecify.annotations.Nullable;

/** Categorical and Gaussian distributions. */
final class CudaDistributions implements DistributionKernels {
    private final CudaKernels backend;
    private final Scratch scratch;

    CudaDistributions(CudaKernels backend) {
        this.backend = backend;
        this.scratch = new Scratch(backend.memory(), "sums of a divergence");
    }

    @Override
    public void topK(Tensor logits, int k, IntTensor indices, @Nullable Tensor logProbabilities) {
        int rows = indices.size() / k;
        int classes = logits.size() / rows;
        backend.context().enter();
        try {
            backend.launcher()
                    .of(Kernel.TOP_K)
                    .pointer(backend.address(logits))
                    .integer(rows)
                    .integer(classes)
                    .integer(k)
                    .pointer(backend.writtenAddress(indices))
                    .pointer(backend.addressOrNull(logProbabilities))
                    .rows(rows, classes);
        } finally {
            backend.context().exit();
        }
    }

    @Override
    public void sample(Tensor logits, double temperature, int among, Tensor uniform, IntTensor indices) {
        int rows = indices.size();
        int classes = logits.size() / rows;
        // In float32 a temperature of 0 or infinity would make NaN of what is 0 or infinite.
        double bounded = Math.max(Float.MIN_NORMAL, Math.min(Float.MAX_VALUE, temperature));
        backend.context().enter();
        try {
            backend.launcher()
                    .of(Kernel.SAMPLE)
                    .pointer(backend.address(logits))
                    .integer(rows)
                    .integer(classes)
                    .real(bounded)
                    .integer(among)
                    .pointer(backend.address(uniform))
                    .pointer(backend.writtenAddress(indices))
                    .rows(rows, classes);
        } finally {
            backend.context().exit();
        }
    }

    @Override
    public void gaussianForward(Tensor mean, Tensor logVariance, Tensor noise, Tensor z) {
        backend.context().enter();
        try {
            backend.launcher()
                    .of(Kernel.GAUSSIAN_FORWARD)
                    .pointer(backend.address(mean))
                    .pointer(backend.address(logVariance))
                    .pointer(backend.address(noise))
                    .pointer(backend.address(z))
                    .wide(z.size())
                    .linear(z.size());
        } finally {
            backend.context().exit();
        }
    }

    @Override
    public void gaussianBackward(Tensor logVariance, Tensor noise, Tensor dz, Tensor dMean, Tensor dLogVariance) {
        backend.context().enter();
        try {
            backend.launcher()
                    .of(Kernel.GAUSSIAN_BACKWARD)
                    .pointer(backend.address(logVariance))
                    .pointer(backend.address(noise))
                    .pointer(backend.address(dz))
                    .pointer(backend.address(dMean))
                    .pointer(backend.address(dLogVariance))
                    .wide(dz.size())
                    .linear(dz.size());
        } finally {
            backend.context().exit();
        }
    }

    @Override
    public void gaussianDivergence(
            Tensor mean,
            Tensor logVariance,
            @Nullable Tensor priorMean,
            @Nullable Tensor priorLogVariance,
            @Nullable IntTensor mask,
            double factor,
            Tensor divergence,
            @Nullable Tensor dMean,
            @Nullable Tensor dLogVariance,
            @Nullable Tensor dPriorMean,
            @Nullable Tensor dPriorLogVariance) {
        backend.context().enter();
        try {
            long partial = partial(mean);
            backend.launcher()
                    .of(Kernel.GAUSSIAN_DIVERGENCE)
                    .pointer(backend.address(mean))
                    .pointer(backend.address(logVariance))
                    .pointer(backend.addressOrNull(priorMean))
                    .pointer(backend.addressOrNull(priorLogVariance))
                    .pointer(backend.addressOrNull(mask))
                    .integer(width(mean, mask))
                    .wide(mean.size())
                    .real(factor)
                    .pointer(backend.addressOrNull(dMean))
                    .pointer(backend.addressOrNull(dLogVariance))
                    .pointer(backend.addressOrNull(dPriorMean))
                    .pointer(backend.addressOrNull(dPriorLogVariance))
                    .pointer(partial)
                    .linear(mean.size());
            finish(mean, partial, factor, divergence);
        } finally {
            backend.context().exit();
        }
    }

    @Override
    public void gaussianLoss(
            Tensor x,
            Tensor mean,
            Tensor logVariance,
            @Nullable IntTensor mask,
            double factor,
            Tensor loss,
            @Nullable Tensor dMean,
            @Nullable Tensor dLogVariance) {
        backend.context().enter();
        try {
            long partial = partial(x);
            backend.launcher()
                    .of(Kernel.GAUSSIAN_LOSS)
                    .pointer(backend.address(x))
                    .pointer(backend.address(mean))
                    .pointer(backend.address(logVariance))
                    .pointer(backend.addressOrNull(mask))
                    .integer(width(x, mask))
                    .wide(x.size())
                    .real(factor)
                    .pointer(backend.addressOrNull(dMean))
                    .pointer(backend.addressOrNull(dLogVariance))
                    .pointer(partial)
                    .linear(x.size());
            finish(x, partial, factor, loss);
        } finally {
            backend.context().exit();
        }
    }

    /** Room for a partial sum of each block. */
    private long partial(Tensor elements) {
        return scratch.atLeast(8L * backend.launcher().blocks(elements.size()));
    }

    private void finish(Tensor elements, long partial, double factor, Tensor result) {
        Launcher launcher = backend.launcher();
        launcher.of(Kernel.GAUSSIAN_FINISH)
                .pointer(partial)
                .integer(launcher.blocks(elements.size()))
                .real(factor)
                .pointer(backend.address(result))
                .grid(1, 1, 1, Launcher.THREADS, 1);
    }

    /** The elements that a number of the mask stands for. */
    private static int width(Tensor elements, @Nullable IntTensor mask) {
        return mask == null ? 1 : elements.size() / mask.size();
    }
}
