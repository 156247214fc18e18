package dev.rondo.bench;

import dev.rondo.BackendException;
import dev.rondo.Cell;
import dev.rondo.Purpose;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.bench.FaultyProvider.Fault;
import dev.rondo.spi.BackendKernels;
import dev.rondo.spi.IntStorage;
import dev.rondo.spi.LayerKernels;
import dev.rondo.spi.LossKernels;
import dev.rondo.spi.OptimizerKernels;
import dev.rondo.spi.RnnBackwardCall;
import dev.rondo.spi.RnnCall;
import dev.rondo.spi.RnnKernel;
import dev.rondo.spi.RnnPass;
import dev.rondo.spi.Storage;
import java.util.Optional;

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
    public Optional<String> unsupported(RnnSpec spec) {
        return fault == Fault.WITHOUT_RELU && spec.cell() == Cell.RNN_RELU
                ? Optional.of("there is no RNN_RELU here")
                : right.unsupported(spec);
    }

    @Override
    public RnnKernel rnn(RnnSpec spec, int maxSteps, int maxBatch, Purpose purpose) {
        if (fault == Fault.NARROW && spec.hiddenSize() >= 1000) {
            throw new BackendException("not enough memory");
        }
        return new FaultyRnn(right.rnn(spec, maxSteps, maxBatch, purpose));
    }

    private final class FaultyRnn implements RnnKernel {
        private final RnnKernel kernel;

        FaultyRnn(RnnKernel kernel) {
            this.kernel = kernel;
        }

        @Override
        public void forward(RnnCall call) {
            kernel.forward(call);
            spoil(call);
        }

        @Override
        public RnnPass train(RnnCall call) {
            RnnPass pass = kernel.train(call);
            spoil(call);
            return new FaultyPass(pass);
        }

        private void spoil(RnnCall call) {
            Tensor y = call.y();
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
        public void close() {
            kernel.close();
        }
    }

    private final class FaultyPass implements RnnPass {
        private final RnnPass pass;

        FaultyPass(RnnPass pass) {
            this.pass = pass;
        }

        @Override
        public void backward(RnnBackwardCall call) {
            if (fault == Fault.THROWING) {
                throw new BackendException("the device\nis gone");
            }
            pass.backward(call);
            RnnState dInitial = call.dInitial();
            if (dInitial != null && fault == Fault.OFF) {
                Tensor first = dInitial.h().view(0, 1);
                first.fill(first.toDoubles()[0] + 1e-3);
            }
        }

        @Override
        public void close() {
            pass.close();
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
