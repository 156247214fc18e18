package dev.rondo.bench.measure;

import dev.rondo.bench.measure.CallTimer.Times;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/** What came of a case of {@code rondo bench}. */
sealed interface BenchResult {
    /** What was to be timed. */
    BenchCase what();

    /**
     * It was timed.
     *
     * @param what the case
     * @param times of a call
     * @param form of the recurrence on a CUDA device, forward and backward; else empty
     * @param floor seconds that {@link Floor} says; empty where it says nothing
     * @param rivals other libraries on the same device
     */
    record Timed(BenchCase what, Times times, String form, OptionalDouble floor, List<Rival> rivals)
            implements BenchResult {
        double microsecondsPerStep() {
            return 1e6 * times.median() / what.shape().steps();
        }

        double tokensPerSecond() {
            return what.tokens() / times.median();
        }

        double gigaflops() {
            return 1e-9 * what.floatingPointOperations() / times.median();
        }

        /** The floor divided by the time. */
        OptionalDouble shareOfFloor() {
            return floor.isEmpty() ? floor : OptionalDouble.of(floor.getAsDouble() / times.median());
        }

        /** The fastest of the others. */
        Optional<Rival> bestRival() {
            return rivals.stream()
                    .filter(rival -> rival.median().isPresent())
                    .min(Comparator.comparingDouble(rival -> rival.median().getAsDouble()));
        }

        /** Its time divided by Rondo's. */
        OptionalDouble bestRivalOverThis() {
            Optional<Rival> best = bestRival();
            return best.isEmpty()
                    ? OptionalDouble.empty()
                    : OptionalDouble.of(best.get().median().getAsDouble() / times.median());
        }
    }

    /**
     * Another library, with one of its algorithms.
     *
     * @param name of library and algorithm
     * @param median seconds of a call, measured in the same way; empty if it was not timed
     * @param note why it was not; or how far its results were from Rondo's
     * @param differs whether they were too far
     */
    record Rival(String name, OptionalDouble median, String note, boolean differs) {}

    /**
     * It could not be run.
     *
     * @param what the case
     * @param reason why
     */
    record NotTimed(BenchCase what, String reason) implements BenchResult {}
}
