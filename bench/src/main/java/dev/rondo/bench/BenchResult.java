package dev.rondo.bench;

/** What came of a case of {@code rondo bench}. */
sealed interface BenchResult {
    /** What was to be timed. */
    BenchCase what();

    /**
     * It was timed.
     *
     * @param what the case
     * @param median seconds of a call: of a batch of calls and the reading of one element after them, divided by the calls;
     *     the median over the batches
     * @param min the same of the fastest batch
     * @param batches number of batches
     * @param calls calls of one batch
     */
    record Timed(BenchCase what, double median, double min, int batches, int calls) implements BenchResult {
        double microsecondsPerStep() {
            return 1e6 * median / what.shape().steps();
        }

        double tokensPerSecond() {
            return what.tokens() / median;
        }

        double gigaflops() {
            return 1e-9 * what.floatingPointOperations() / median;
        }
    }

    /**
     * It could not be run.
     *
     * @param what the case
     * @param reason why
     */
    record NotTimed(BenchCase what, String reason) implements BenchResult {}
}
