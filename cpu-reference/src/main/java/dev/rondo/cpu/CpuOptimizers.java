package dev.rondo.cpu;

import dev.rondo.Tensor;
import dev.rondo.spi.OptimizerKernels;
import org.jspecify.annotations.Nullable;

/**
 * Clipping and the updates of the optimizers. A call borrows an object for its arguments, so any number of threads call at the
 * same time, and a call allocates nothing.
 */
final class CpuOptimizers implements OptimizerKernels {
    private final Spares<ElementwiseCall> calls;

    CpuOptimizers(Workers workers) {
        this.calls = new Spares<>(() -> new ElementwiseCall(workers));
    }

    @Override
    public void clipByGlobalNorm(Tensor gradients, double maxNorm, Tensor norm) {
        ElementwiseCall call = calls.borrow();
        call.clipByGlobalNorm(gradients, maxNorm, norm);
        calls.giveBack(call);
    }

    @Override
    public void clipByValue(Tensor gradients, double maxValue) {
        ElementwiseCall call = calls.borrow();
        call.clipByValue(gradients, maxValue);
        calls.giveBack(call);
    }

    @Override
    public void sgd(Tensor w, Tensor g, @Nullable Tensor v, double rate, double momentum) {
        ElementwiseCall call = calls.borrow();
        call.sgd(w, g, v, rate, momentum);
        calls.giveBack(call);
    }

    @Override
    public void rmsProp(Tensor w, Tensor g, Tensor s, double rate, double decay, double epsilon) {
        ElementwiseCall call = calls.borrow();
        call.rmsProp(w, g, s, rate, decay, epsilon);
        calls.giveBack(call);
    }

    @Override
    public void adam(
            Tensor w, Tensor g, Tensor m, Tensor v, long step, double rate, double b1, double b2, double epsilon) {
        ElementwiseCall call = calls.borrow();
        call.adam(w, g, m, v, step, rate, b1, b2, epsilon);
        calls.giveBack(call);
    }
}
