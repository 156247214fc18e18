package dev.rondo.model;

import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import dev.rondo.train.SoftmaxCrossEntropy;

/** The top of a model that names a label at every step: a linear layer and a softmax. */
final class StepOutput {
    private final Affine affine;
    private final SoftmaxCrossEntropy crossEntropy;
    private final Tensor logits;

    StepOutput(Trainable learned, String prefix, int steps, int batch) {
        this.affine = learned.affine(prefix);
        this.crossEntropy = new SoftmaxCrossEntropy(learned.backend());
        this.logits = learned.backend().tensor(steps, batch, affine.outputSize());
    }

    /** The logits {@code [T,N,tags]}, until the next call. */
    Tensor forward(Tensor y) {
        affine.forward(y, logits);
        return logits;
    }

    /** The mean cross-entropy over the steps whose label is not negative; {@code dy} receives its gradient. */
    void train(Tensor y, IntTensor labels, Tensor loss, Tensor dy) {
        crossEntropy.apply(forward(y), labels, loss, logits);
        affine.backward(y, logits, dy);
    }
}
