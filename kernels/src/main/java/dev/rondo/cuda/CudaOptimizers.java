package dev.rondo.cuda;

import dev.rondo.Tensor;
import dev.rondo.spi.OptimizerKernels;
import org.jspecify.annotations.Nullable;

/** Clipping and the updates of the optimizers. */
final class CudaOptimizers implements OptimizerKernels {
    private final CudaKernels backend;
    private final Scratch scratch;

    CudaOptimizers(CudaKernels backend) {
        this.backend = backend;
        this.scratch = new Scratch(backend.memory(), "sums of a norm");
    }

    @Override
    public void clipByGlobalNorm(Tensor gradients, double maxNorm, Tensor norm) {
        long count = gradients.size();
        backend.context().enter();
        try {
            Launcher launcher = backend.launcher();
            int parts = launcher.blocks(count);
            long partial = scratch.atLeast(8L * (parts + 1L));
            long scale = partial + 8L * parts;
            launcher.of(Kernel.NORM_SQUARES)
                    .pointer(backend.address(gradients))
                    .wide(count)
                    .pointer(partial)
                    .linear(count);
            launcher.of(Kernel.NORM_FINISH)
                    .pointer(partial)
                    .integer(parts)
                    .real(maxNorm)
                    .pointer(backend.address(norm))
                    .pointer(scale)
                    .grid(1, 1, 1, Launcher.THREADS, 1);
            launcher.of(Kernel.NORM_SCALE)
                    .pointer(backend.address(gradients))
                    .wide(count)
                    .pointer(scale)
                    .linear(count);
        } finally {
            backend.context().exit();
        }
    }

    @Override
    public void clipByValue(Tensor gradients, double maxValue) {
        backend.context().enter();
        try {
            backend.launcher()
                    .of(Kernel.CLIP_BY_VALUE)
                    .pointer(backend.address(gradients))
                    .wide(gradients.size())
                    .real(maxValue)
                    .linear(gradients.size());
        } finally {
            backend.context().exit();
        }
    }

    @Override
    public void sgd(Tensor w, Tensor g, @Nullable Tensor v, double rate, double momentum) {
        long count = w.size();
        backend.context().enter();
        try {
            Launcher launcher = backend.launcher();
            if (v == null) {
                launcher.of(Kernel.SGD)
                        .pointer(backend.address(w))
                        .pointer(backend.address(g))
                        .wide(count)
                        .real(rate)
                        .linear(count);
            } else {
                launcher.of(Kernel.SGD_MOMENTUM)
                        .pointer(backend.address(w))
                        .pointer(backend.address(g))
                        .pointer(backend.address(v))
                        .wide(count)
                        .real(rate)
                        .real(momentum)
                        .linear(count);
            }
        } finally {
            backend.context().exit();
        }
    }

    @Override
    public void rmsProp(Tensor w, Tensor g, Tensor s, double rate, double decay, double epsilon) {
        backend.context().enter();
        try {
            backend.launcher()
                    .of(Kernel.RMSPROP)
                    .pointer(backend.address(w))
                    .pointer(backend.address(g))
                    .pointer(backend.address(s))
                    .wide(w.size())
                    .real(rate)
                    .real(decay)
                    .real(1 - decay)
                    .real(epsilon)
                    .linear(w.size());
        } finally {
            backend.context().exit();
        }
    }

    @Override
    public void adam(
            Tensor w, Tensor g, Tensor m, Tensor v, long step, double rate, double b1, double b2, double epsilon) {
        backend.context().enter();
        try {
            backend.launcher()
                    .of(Kernel.ADAM)
                    .pointer(backend.address(w))
                    .pointer(backend.address(g))
                    .pointer(backend.address(m))
                    .pointer(backend.address(v))
                    .wide(w.size())
                    .real(rate / (1 - Math.pow(b1, step)))
                    .real(b1)
                    .real(1 - b1)
                    .real(b2)
                    .real(1 - b2)
                    .real(1 / (1 - Math.pow(b2, step)))
                    .real(epsilon)
                    .linear(w.size());
        } finally {
            backend.context().exit();
        }
    }
}
