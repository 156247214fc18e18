package dev.rondo.bench.translate;

import java.util.Locale;

/**
 * What was measured over one epoch.
 *
 * @param epoch number of the epoch, from 1
 * @param loss mean cross-entropy in nats per word of the target, each window's before its update
 * @param tokens words of the targets, their ends included
 * @param seconds time they took
 */
record TranslationEpoch(int epoch, double loss, long tokens, double seconds) {
    double tokensPerSecond() {
        return tokens / seconds;
    }

    String line(int epochs) {
        return String.format(
                Locale.ROOT,
                "epoch %d/%d  loss %.4f  perplexity %.3f  %,.0f tokens/s",
                epoch,
                epochs,
                loss,
                Math.exp(loss),
                tokensPerSecond());
    }
}
