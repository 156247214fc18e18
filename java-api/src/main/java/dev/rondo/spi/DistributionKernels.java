package dev.rondo.spi;

import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * Categorical and Gaussian distributions: the best classes, drawn classes, drawn vectors, divergence, likelihood. M stands for any
 * number of rows, K and V for the last size.
 */
public interface DistributionKernels {
    /**
     * The k most probable classes of each row, best first, the lower index first among equals, and their log-probabilities
     * {@code log softmax(logits[m])}.
     *
     * @param logits {@code [M,V]}, read; where a row holds NaN its classes are any of 0 to V - 1
     * @param k 1 to V
     * @param indices {@code [M,k]}, assigned
     * @param logProbabilities {@code [M,k]}, assigned; null if not wanted
     */
    void topK(Tensor logits, int k, IntTensor indices, @Nullable Tensor logProbabilities);

    /**
     * Draws a class for each row from {@code softmax(logits[m] / temperature)}, restricted to its {@code among} most probable
     * classes: the first class, by index, at which the sum of the probabilities exceeds {@code uniform[m]} of the whole.
     *
     * @param logits {@code [M,V]}, read; where a row holds NaN its class is any of 0 to V - 1
     * @param temperature positive
     * @param among 1 to V; of classes that are equal at the border those of lower index
     * @param uniform {@code [M]}, read, each in {@code [0,1)}
     * @param indices {@code [M]}, assigned
     */
    void sample(Tensor logits, double temperature, int among, Tensor uniform, IntTensor indices);

    /**
     * {@code z = mean + exp(logVariance / 2) * noise}.
     *
     * @param mean {@code [M,K]}, read
     * @param logVariance of the same size, read
     * @param noise of the same size, read
     * @param z of the same size, assigned
     */
    void gaussianForward(Tensor mean, Tensor logVariance, Tensor noise, Tensor z);

    /**
     * {@code dMean += dz}, {@code dLogVariance += dz * noise * exp(logVariance / 2) / 2}.
     *
     * @param logVariance {@code [M,K]}, read
     * @param noise of the same size, read
     * @param dz of the same size, read
     * @param dMean of the same size, accumulated
     * @param dLogVariance of the same size, accumulated
     */
    void gaussianBackward(Tensor logVariance, Tensor noise, Tensor dz, Tensor dMean, Tensor dLogVariance);

    /**
     * The Kullback-Leibler divergence of one Gaussian from another, each with a diagonal covariance, summed over the rows that
     * count: {@code factor * sum of (pl - l + (exp(l) + (m - pm)^2) / exp(pl) - 1) / 2} with m, l for mean and log-variance and
     * pm, pl for those of the prior.
     *
     * @param mean {@code [M,K]}, read
     * @param logVariance of the same size, read
     * @param priorMean of the same size, read; null for 0
     * @param priorLogVariance of the same size, read; null for 0, together with {@code priorMean}
     * @param mask {@code [M]} elements, read: 0 masks its row; null if all count
     * @param factor multiplies the divergence and its gradients
     * @param divergence {@code [1]}, assigned
     * @param dMean of the same size, accumulated; null if no gradient is wanted
     * @param dLogVariance of the same size, accumulated; null together with {@code dMean}
     * @param dPriorMean of the same size, accumulated; null without a prior, or if no gradient is wanted
     * @param dPriorLogVariance of the same size, accumulated; null together with {@code dPriorMean}
     */
    void gaussianDivergence(
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
            @Nullable Tensor dPriorLogVariance);

    /**
     * The negative log-likelihood of a Gaussian with a diagonal covariance, summed over the rows that count:
     * {@code factor * sum of (log(2 pi) + l + (x - m)^2 / exp(l)) / 2}.
     *
     * @param x {@code [M,K]}, read
     * @param mean of the same size, read
     * @param logVariance of the same size, read
     * @param mask {@code [M]} elements, read: 0 masks its row; null if all count
     * @param factor multiplies the loss and its gradients
     * @param loss {@code [1]}, assigned
     * @param dMean of the same size, accumulated; null if no gradient is wanted
     * @param dLogVariance of the same size, accumulated; null together with {@code dMean}
     */
    void gaussianLoss(
            Tensor x,
            Tensor mean,
            Tensor logVariance,
            @Nullable IntTensor mask,
            double factor,
            Tensor loss,
            @Nullable Tensor dMean,
            @Nullable Tensor dLogVariance);
}
