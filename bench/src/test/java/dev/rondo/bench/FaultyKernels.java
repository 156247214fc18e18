package dev.rondo.bench;

import dev.rondo.BackendException;
import dev.rondo.Input;
import dev.rondo.Mode;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.bench.FaultyProvider.Fault;
import dev.rondo.spi.BackendKernels;
import dev.rondo.spi.IntStorage;
import dev.rondo.spi.LayerKernels;
import dev.rondo.spi.LossKernels;
import dev.rondo.spi.OptimizerKernels;
import dev.rondo.spi.RnnKernel;
import dev.rondo.spi.Storage;
import org.jspecify.annotations.Nullable;

/** The kernels of another backend; the recurrent ones have a fault. */
final class FaultyKernels implements BackendKernels {
    private final BackendKernels right;
    private final Fault fault;
    private int forwards;

    FaultyKernels(BackendKernels right, Fault fault) {
        this.right = right;
        this.fault = fault;
    }

    @Override
    public String description() {
        return fault == Fault.EMULATED ? "test device, an emulator" : "fault " + fault;
    }

    @Override
    public RnnKernel rnn(RnnSpec spec, int maxSteps, int maxBatch) {
        if (fault == Fault.NARROW && spec.hiddenSize() >= 1000) {
            throw new BackendException("not enough memory");
        }
        return new FaultyRnn(right.rnn(spec, maxSteps, maxBatch));
    }

    private final class FaultyRnn implements RnnKernel {
        private final RnnKernel kernel;

        FaultyRnn(RnnKernel kernel) {
            this.kernel = kernel;
        }

        @Override
        public void forward(
                Mode mode,
                long dropoutSeed,
                RnnParameters weights,
                Input x,
                int @Nullable [] lengths,
                @Nullable RnnState initial,
                @Nullable Tensor y,
                @Nullable RnnState last) {
            kernel.forward(mode, dropoutSeed, weights, x, lengths, initial, y, last);
            forwards++;
            if (y != null && fault == Fault.NAN) {
                y.view(y.size() - 1, 1).fill(Double.NaN);
            }
            // A check has two forward passes, and so has its repetition.
            if (y != null && fault == Fault.RESTLESS && forwards % 4 == 0) {
                Tensor first = y.view(0, 1);
                first.fill(first.toDoubles()[0] + 1e-12);
            }
        }

        @Override
        public void backward(
                @Nullable Tensor dy,
                @Nullable RnnState dLast,
                @Nullable Tensor dx,
                @Nullable RnnState dInitial,
                @Nullable RnnParameters gradients) {
            if (fault == Fault.THROWING) {
                throw new BackendException("the device\nis gone");
            }
            kernel.backward(dy, dLast, dx, dInitial, gradients);
            if (dInitial != null && fault == Fault.OFF) {
                Tensor first = dInitial.h().view(0, 1);
                first.fill(first.toDoubles()[0] + 1e-3);
            }
        }

        @Override
        public void close() {
            kernel.close();
        }
    }

    @Override
    public Storage allocate(long size) {
        return right.allocate(size);
    }

    @Override
    public IntStorage allocateInts(long size) {
        return right.allocateInts(size);
    }

    @Override
    public boolean accepts(Storage storage) {
        return right.accepts(storage);
    }

    @Override
    public boolean accepts(IntStorage storage) {
        return right.accepts(storage);
    }

    @Override
    public LayerKernels layers() {
        return right.layers();
    }

    @Override
    public LossKernels losses() {
        return right.losses();
    }

    @Override
    public OptimizerKernels optimizers() {
        return right.optimizers();
    }

    @Override
    public void close() {
        right.close();
    }
}
