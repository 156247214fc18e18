package dev.rondo.bench.train;

/**
 * What was measured over one epoch, or the part of one that a run ended in.
 *
 * @param epoch number of the epoch, from 1
 * @param complete whether all of its windows were trained on
 * @param loss mean loss in nats per character, each window's before its update
 * @param tokens characters trained on in this run
 * @param seconds time they took
 */
record EpochReport(int epoch, boolean complete, double loss, long tokens, double seconds) {
    double perplexity() {
        return Math.exp(loss);
    }

    double tokensPerSecond() {
        return tokens == 0 ? 0 : tokens / seconds;
    }
}
