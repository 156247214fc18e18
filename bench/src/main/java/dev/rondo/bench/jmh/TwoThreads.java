package dev.rondo.bench.jmh;

import dev.rondo.Backend;
import dev.rondo.BackendOptions;
import dev.rondo.Cell;
import dev.rondo.ForwardCall;
import dev.rondo.Purpose;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.train.Initializers;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Random;

/**
 * Two threads against one where processors are scarce. A backend of each runs the same pass, in turn for an eighth of a second, so
 * that both meet the same conditions; printed are the times and their ratio. {@code bench/two-threads} runs it on one
 * processor, beside busy neighbours, and undisturbed.
 */
public final class TwoThreads {
    private static final long TURN = 125_000_000;
    private static final int WARM_UP = 10;

    private TwoThreads() {}

    /**
     * Runs.
     *
     * @param arguments rounds, then shapes {@code N,T,I,H}
     */
    public static void main(String[] arguments) {
        if (arguments.length < 2) {
            throw new IllegalArgumentException("expected rounds and shapes, got " + List.of(arguments));
        }
        int rounds = Integer.parseInt(arguments[0]);
        try (Backend one = open(1);
                Backend two = open(2)) {
            for (String shape : List.of(arguments).subList(1, arguments.length)) {
                compare(shape, rounds, call(one, shape), call(two, shape));
            }
        }
    }

    private static Backend open(int threads) {
        return Backend.named("cpu", BackendOptions.defaults().withThreads(threads));
    }

    private static ForwardCall call(Backend backend, String shape) {
        int[] sizes =
                Arrays.stream(shape.split(",")).mapToInt(Integer::parseInt).toArray();
        RnnSpec spec = RnnSpec.of(Cell.LSTM, sizes[2], sizes[3]);
        RnnParameters weights = backend.parameters(spec);
        Tensor x = backend.tensor(sizes[1], sizes[0], sizes[2]);
        Initializers.uniform(weights, new Random(1));
        Initializers.uniform(x, 1, new Random(2));
        return backend.rnn(spec, sizes[1], sizes[0], Purpose.INFERENCE)
                .call(weights, x)
                .y(backend.tensor(sizes[1], sizes[0], sizes[3]));
    }

    private static void compare(String shape, int rounds, ForwardCall one, ForwardCall two) {
        double ofOne = 0;
        double ofTwo = 0;
        double[] ratios = new double[rounds];
        for (int i = -WARM_UP; i < rounds; i++) {
            double first = turn(one);
            double second = turn(two);
            if (i >= 0) {
                ofOne += first / rounds;
                ofTwo += second / rounds;
                ratios[i] = second / first;
            }
        }
        Arrays.sort(ratios);
        System.out.printf(
                Locale.ROOT,
                "LSTM %-16s one thread %8.1f us, two %8.1f us: %.2f of it; median of the turns %.2f%n",
                shape,
                ofOne,
                ofTwo,
                ofTwo / ofOne,
                ratios[rounds / 2]);
    }

    /** Microseconds of a call, of those that fit into a turn. */
    private static double turn(ForwardCall call) {
        long start = System.nanoTime();
        int calls = 0;
        do {
            call.run();
            calls++;
        } while (System.nanoTime() - start < TURN);
        return 1e-3 * (System.nanoTime() - start) / calls;
    }
}
