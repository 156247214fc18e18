package dev.rondo.model;

import dev.rondo.internal.Arguments;
import dev.rondo.model.CharacterTrainingSettings.Algorithm;

/**
 * How a {@link Translator} is trained.
 *
 * @param model the model; its numbers of words come from the pairs
 * @param minCount words that occur less often in the training pairs are unknown
 * @param batch N, pairs of a window
 * @param steps largest number of words of a sentence, its end included; what is longer is cut
 * @param algorithm the optimizer
 * @param learningRate its rate
 * @param clip largest global norm of the gradients; 0 for no clipping
 * @param seed of everything random
 */
public record TranslationSettings(
        EncoderDecoderSpec model,
        int minCount,
        int batch,
        int steps,
        Algorithm algorithm,
        double learningRate,
        double clip,
        long seed) {
    /** Checks the values. */
    void check() {
        Arguments.notNull("model", model);
        Arguments.positive("minCount", minCount);
        Arguments.positive("batch", batch);
        Arguments.positive("steps", steps);
        Arguments.notNull("algorithm", algorithm);
        Arguments.positive("learningRate", learningRate);
        Arguments.inRange("clip", clip, 0, Double.MAX_VALUE);
    }
}
