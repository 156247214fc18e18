package dev.rondo.cuda;

import dev.rondo.IntTensor;
import dev.rondo.Pooling;
import dev.rondo.Tensor;
import dev.rondo.spi.SequenceKernels;
import org.jspecify.annotations.Nullable;

/** Pooling and attention. */
final class CudaSequences implements SequenceKernels {
    private final CudaKernels backend;
    private final Scratch scratch;

    CudaSequences(CudaKernels backend) {
        this.backend = backend;
        this.scratch = new Scratch(backend.memory(), "gradients of the scores of an attention");
    }

    /** The number of a kind in the kernels. */
    private static int number(Pooling.Kind kind) {
        return switch (kind) {
            case MEAN -> 0;
            case MAX -> 1;
            case LAST -> 2;
        };
    }

    private static void requireLengths(@Nullable IntTensor lengths, int steps) {
        if (lengths == null) {
            return;
        }
        int[] values = ((DeviceIntStorage) lengths.storage()).values();
        for (int n = 0; n < lengths.size(); n++) {
            int length = values[lengths.offset() + n];
            if (length < 0 || length > steps) {
                throw new IllegalArgumentException("lengths[" + n + "]: expected 0 to " + steps + ", got " + length);
            }
        }
    }

    @Override
    public void poolForward(Pooling.Kind kind, Tensor x, @Nullable IntTensor lengths, Tensor y) {
        requireLengths(lengths, x.dimension(0));
        backend.context().enter();
        try {
            backend.launcher()
                    .of(Kernel.POOL_FORWARD)
                    .integer(number(kind))
                    .pointer(backend.address(x))
                    .pointer(backend.addressOrNull(lengths))
                    .integer(x.dimension(0))
                    .integer(x.dimension(1))
                    .integer(x.dimension(2))
                    .pointer(backend.address(y))
                    .linear(y.size());
        } finally {
            backend.context().exit();
        }
    }

    @Override
    public void poolBackward(Pooling.Kind kind, Tensor x, @Nullable IntTensor lengths, Tensor y, Tensor dy, Tensor dx) {
        requireLengths(lengths, x.dimension(0));
        backend.context().enter();
        try {
            backend.launcher()
                    .of(Kernel.POOL_BACKWARD)
                    .integer(number(kind))
                    .pointer(backend.address(x))
                    .pointer(backend.addressOrNull(lengths))
                    .pointer(backend.address(y))
                    .pointer(backend.address(dy))
                    .integer(x.dimension(0))
                    .integer(x.dimension(1))
                    .integer(x.dimension(2))
                    .pointer(backend.address(dx))
                    .linear(dy.size());
        } finally {
            backend.context().exit();
        }
    }

    @Override
    public void attentionForward(
            Tensor q,
            Tensor k,
            Tensor v,
            @Nullable IntTensor lengths,
            @Nullable Tensor u,
            Tensor weights,
            Tensor context) {
        requireLengths(lengths, k.dimension(0));
        backend.context().enter();
        try {
            Launcher launcher = backend.launcher()
                    .of(Kernel.ATTENTION_FORWARD)
                    .pointer(backend.address(q))
                    .pointer(backend.address(k))
                    .pointer(backend.address(v))
                    .pointer(backend.addressOrNull(lengths))
                    .pointer(backend.addressOrNull(u));
            sizes(launcher, q, k, v)
                    .pointer(backend.address(weights))
                    .pointer(backend.address(context))
                    .rows((long) q.dimension(0) * q.dimension(1));
        } finally {
            backend.context().exit();
        }
    }

    /** T, N, S, A, V. */
    private static Launcher sizes(Launcher launcher, Tensor q, Tensor k, Tensor v) {
        return launcher.integer(q.dimension(0))
                .integer(q.dimension(1))
                .integer(k.dimension(0))
                .integer(q.dimension(2))
                .integer(v.dimension(2));
    }

    @Override
    public void attentionBackward(
            Tensor q,
            Tensor k,
            Tensor v,
            @Nullable IntTensor lengths,
            @Nullable Tensor u,
            Tensor weights,
            Tensor dContext,
            Tensor dq,
            Tensor dk,
            Tensor dv,
            @Nullable Tensor du) {
        requireLengths(lengths, k.dimension(0));
        int queries = q.dimension(0) * q.dimension(1);
        int size = q.dimension(2);
        backend.context().enter();
        try {
            long parts = du == null ? 0 : q.size();
            long sums = du == null ? 0 : ColumnSums.scratchElements(queries, size);
            long dScores = scratch.atLeast(4 * (weights.size() + parts + sums));
            long duParts = du == null ? 0 : dScores + 4L * weights.size();
            Launcher launcher = backend.launcher();
            launcher.of(Kernel.ATTENTION_BACKWARD_QUERIES)
                    .pointer(backend.address(q))
                    .pointer(backend.address(k))
                    .pointer(backend.address(v))
                    .pointer(backend.addressOrNull(lengths))
                    .pointer(backend.addressOrNull(u))
                    .pointer(backend.address(weights))
                    .pointer(backend.address(dContext));
            sizes(launcher, q, k, v)
                    .pointer(dScores)
                    .pointer(backend.address(dq))
                    .pointer(duParts)
                    .rows(queries);
            launcher.of(Kernel.ATTENTION_BACKWARD_KEYS)
                    .pointer(backend.address(q))
                    .pointer(backend.address(k))
                    .pointer(backend.addressOrNull(lengths))
                    .pointer(backend.addressOrNull(u))
                    .pointer(backend.address(weights))
                    .pointer(backend.address(dContext))
                    .pointer(dScores);
            sizes(launcher, q, k, v)
                    .pointer(backend.address(dk))
                    .pointer(backend.address(dv))
                    .rows((long) k.dimension(0) * k.dimension(1));
            if (du != null) {
                ColumnSums.add(launcher, duParts, size, queries, size, backend.address(du), duParts + 4L * q.size());
            }
        } finally {
            backend.context().exit();
        }
    }
}
