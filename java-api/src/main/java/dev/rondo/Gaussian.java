package dev.rondo;

import dev.rondo.internal.Arguments;
import dev.rondo.internal.CallTensors;
import dev.rondo.internal.TensorArguments;
import org.jspecify.annotations.Nullable;

/**
 * Gaussian vectors with a diagonal covariance, given by their mean and the logarithm of their variance: drawn so that gradients
 * pass through (Kingma, Welling, "Auto-encoding variational Bayes", 2014), their divergence from a prior, and their likelihood.
 * All gradients are added up, since a mean usually gets them from more than one place.
 */
public final class Gaussian {
    private final Backend backend;
    private final CallTensors forward;
    private final CallTensors backward;
    private final CallTensors divergence;
    private final CallTensors loss;

    /**
     * These functions on a backend.
     *
     * @param backend where the tensors live
     */
    public Gaussian(Backend backend) {
        this.backend = Arguments.notNull("backend", backend);
        this.forward = new CallTensors(backend, 3, "mean", "logVariance", "noise", "z");
        this.backward = new CallTensors(backend, 3, "logVariance", "noise", "dz", "dMean", "dLogVariance");
        this.divergence = new CallTensors(
                backend,
                4,
                "mean",
                "logVariance",
                "priorMean",
                "priorLogVariance",
                "divergence",
                "dMean",
                "dLogVariance",
                "dPriorMean",
                "dPriorLogVariance");
        this.loss = new CallTensors(backend, 3, "x", "mean", "logVariance", "loss", "dMean", "dLogVariance");
    }

    /**
     * Draws {@code z = mean + exp(logVariance / 2) * noise}.
     *
     * @param mean any shape
     * @param logVariance as many elements
     * @param noise as many elements, drawn from the standard normal distribution; zero for the mean itself
     * @param z receives as many elements
     * @throws IllegalArgumentException if a size is wrong, or what is written overlaps what is read or is read-only
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void draw(Tensor mean, Tensor logVariance, Tensor noise, Tensor z) {
        CallTensors.sameSize("logVariance", logVariance, "mean", mean);
        CallTensors.sameSize("noise", noise, "mean", mean);
        CallTensors.sameSize("z", z, "mean", mean);
        forward.check(mean, logVariance, noise, z);
        backend.kernels().distributions().gaussianForward(mean, logVariance, noise, z);
    }

    /**
     * Propagates a gradient by what was drawn.
     *
     * @param logVariance that of the forward pass
     * @param noise that of the forward pass
     * @param dz gradient of the loss by z
     * @param dMean the gradient by the mean is added to it
     * @param dLogVariance the gradient by the logarithm of the variance is added to it
     * @throws IllegalArgumentException if a size is wrong, or what is written overlaps another argument or is read-only
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void drawBackward(Tensor logVariance, Tensor noise, Tensor dz, Tensor dMean, Tensor dLogVariance) {
        CallTensors.sameSize("noise", noise, "logVariance", logVariance);
        CallTensors.sameSize("dz", dz, "logVariance", logVariance);
        CallTensors.sameSize("dMean", dMean, "logVariance", logVariance);
        CallTensors.sameSize("dLogVariance", dLogVariance, "logVariance", logVariance);
        backward.check(logVariance, noise, dz, dMean, dLogVariance);
        backend.kernels().distributions().gaussianBackward(logVariance, noise, dz, dMean, dLogVariance);
    }

    /**
     * The divergence {@code factor * KL(N(mean, exp(logVariance)) || N(0, 1))}, summed over the rows that count, and its gradients.
     *
     * @param mean {@code [M,K]}; M may be several sizes
     * @param logVariance as many elements
     * @param mask a number for each row, 0 where it does not count; null if all count
     * @param factor multiplies the divergence and its gradients, such as 1/N, and less while it is annealed
     * @param divergence receives it, {@code [1]}
     * @param dMean the gradient by the mean is added to it; null if not wanted
     * @param dLogVariance the gradient by the logarithm of the variance is added to it; null together with {@code dMean}
     * @throws IllegalArgumentException if a size is wrong, or what is written overlaps another argument or is read-only
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void divergence(
            Tensor mean,
            Tensor logVariance,
            @Nullable IntTensor mask,
            double factor,
            Tensor divergence,
            @Nullable Tensor dMean,
            @Nullable Tensor dLogVariance) {
        divergence(mean, logVariance, null, null, mask, factor, divergence, dMean, dLogVariance, null, null);
    }

    /**
     * The divergence from a prior that is computed too.
     *
     * @param mean {@code [M,K]}; M may be several sizes
     * @param logVariance as many elements
     * @param priorMean as many elements; null for 0
     * @param priorLogVariance as many elements; null for 0, together with {@code priorMean}
     * @param mask a number for each row, 0 where it does not count; null if all count
     * @param factor multiplies the divergence and its gradients
     * @param divergence receives it, {@code [1]}
     * @param dMean the gradient by the mean is added to it; null if not wanted
     * @param dLogVariance the gradient by the logarithm of the variance is added to it; null together with {@code dMean}
     * @param dPriorMean the gradient by the mean of the prior is added to it; null without a prior, or if not wanted
     * @param dPriorLogVariance likewise, null together with {@code dPriorMean}
     * @throws IllegalArgumentException if a size is wrong, or what is written overlaps another argument or is read-only
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void divergence(
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
        sized(mean, "mean", "logVariance", Arguments.notNull("logVariance", logVariance));
        both(mean, "mean", "priorMean", priorMean, "priorLogVariance", priorLogVariance);
        both(mean, "mean", "dMean", dMean, "dLogVariance", dLogVariance);
        both(mean, "mean", "dPriorMean", dPriorMean, "dPriorLogVariance", dPriorLogVariance);
        if (dPriorMean != null && priorMean == null) {
            throw new IllegalArgumentException("dPriorMean: expected null, since there is no prior, got " + dPriorMean);
        }
        checkLoss(mean, mask, factor, "divergence", divergence);
        this.divergence.check(
                mean,
                logVariance,
                priorMean,
                priorLogVariance,
                divergence,
                dMean,
                dLogVariance,
                dPriorMean,
                dPriorLogVariance);
        backend.kernels()
                .distributions()
                .gaussianDivergence(
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
    }

    /**
     * The negative log-likelihood {@code -factor * log N(x; mean, exp(logVariance))} in nats, summed over the rows that count, and
     * its gradients.
     *
     * @param x {@code [M,K]}; M may be several sizes
     * @param mean as many elements
     * @param logVariance as many elements
     * @param mask a number for each row, 0 where it does not count; null if all count
     * @param factor multiplies the loss and its gradients
     * @param loss receives it, {@code [1]}
     * @param dMean the gradient by the mean is added to it; null if not wanted
     * @param dLogVariance the gradient by the logarithm of the variance is added to it; null together with {@code dMean}
     * @throws IllegalArgumentException if a size is wrong, or what is written overlaps another argument or is read-only
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void loss(
            Tensor x,
            Tensor mean,
            Tensor logVariance,
            @Nullable IntTensor mask,
            double factor,
            Tensor loss,
            @Nullable Tensor dMean,
            @Nullable Tensor dLogVariance) {
        sized(x, "x", "mean", Arguments.notNull("mean", mean));
        sized(x, "x", "logVariance", Arguments.notNull("logVariance", logVariance));
        both(x, "x", "dMean", dMean, "dLogVariance", dLogVariance);
        checkLoss(x, mask, factor, "loss", loss);
        this.loss.check(x, mean, logVariance, loss, dMean, dLogVariance);
        backend.kernels().distributions().gaussianLoss(x, mean, logVariance, mask, factor, loss, dMean, dLogVariance);
    }

    private void checkLoss(Tensor rows, @Nullable IntTensor mask, double factor, String name, Tensor loss) {
        Arguments.inRange("factor", factor, -Double.MAX_VALUE, Double.MAX_VALUE);
        TensorArguments.shape(name, loss, "[1]", 1);
        CallTensors.perRow(backend, "mask", mask, rows.size() / CallTensors.columns("mean", rows));
    }

    private static void both(
            Tensor like,
            String likeName,
            String name,
            @Nullable Tensor first,
            String otherName,
            @Nullable Tensor second) {
        if ((first == null) != (second == null)) {
            throw new IllegalArgumentException(
                    name + ", " + otherName + ": expected both or none, got " + first + " and " + second);
        }
        sized(like, likeName, name, first);
        sized(like, likeName, otherName, second);
    }

    private static void sized(Tensor like, String likeName, String name, @Nullable Tensor tensor) {
        if (tensor != null) {
            CallTensors.sameSize(name, tensor, likeName, like);
        }
    }
}
