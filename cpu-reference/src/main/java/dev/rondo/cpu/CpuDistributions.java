package dev.rondo.cpu;

import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import dev.rondo.spi.DistributionKernels;
import org.jspecify.annotations.Nullable;

/** Categorical and Gaussian distributions. A call borrows an object with its scratch, so any number of threads call at the same time. */
final class CpuDistributions implements DistributionKernels {
    private final Spares<ChoiceCall> choices;
    private final Spares<GaussianCall> gaussians;

    CpuDistributions(Workers workers) {
        this.choices = new Spares<>(() -> new ChoiceCall(workers));
        this.gaussians = new Spares<>(() -> new GaussianCall(workers));
    }

    @Override
    public void topK(Tensor logits, int k, IntTensor indices, @Nullable Tensor logProbabilities) {
        ChoiceCall call = choices.borrow();
        call.topK(logits, k, indices, logProbabilities);
        choices.giveBack(call);
    }

    @Override
    public void sample(Tensor logits, double temperature, int among, Tensor uniform, IntTensor indices) {
        ChoiceCall call = choices.borrow();
        call.sample(logits, temperature, among, uniform, indices);
        choices.giveBack(call);
    }

    @Override
    public void gaussianForward(Tensor mean, Tensor logVariance, Tensor noise, Tensor z) {
        GaussianCall call = gaussians.borrow();
        call.forward(mean, logVariance, noise, z);
        gaussians.giveBack(call);
    }

    @Override
    public void gaussianBackward(Tensor logVariance, Tensor noise, Tensor dz, Tensor dMean, Tensor dLogVariance) {
        GaussianCall call = gaussians.borrow();
        call.backward(logVariance, noise, dz, dMean, dLogVariance);
        gaussians.giveBack(call);
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
        GaussianCall call = gaussians.borrow();
        call.divergence(
                mean,
                logVariance,
                priorMean,
                priorLogVariance,
                mask,
                factor,
                divergence,
                dMean,
                dLogVariance,
                dPriorMean,
                dPriorLogVariance);
        gaussians.giveBack(call);
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
        GaussianCall call = gaussians.borrow();
        call.loss(x, mean, logVariance, mask, factor, loss, dMean, dLogVariance);
        gaussians.giveBack(call);
    }
}
