package dev.rondo.bench.task;

import dev.rondo.Backend;
import dev.rondo.Input;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import dev.rondo.bench.plot.LineChart;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.function.IntFunction;

/**
 * How much of a gradient by the last output is left of it, step by step back through time: the norm of the gradient by the state (of an
 * LSTM, by h and c together), relative to that at the end. A network learns what is remembered over k steps by what is left after k.
 *
 * <p>The steps are passes of their own, all open at once; each backward pass gives the gradient by the state before its step.
 */
final class GradientFlow {
    /** Below it float32 loses first digits and then everything: no measure of the network any more. */
    private static final double LEAST = 1e-20;

    private GradientFlow() {}

    /** A chart for the measures of several networks. */
    static LineChart chart() {
        return new LineChart(
                        "Before learning: what is left of a gradient", "steps back from the end", "norm, 1 at the end")
                .logarithmicY();
    }

    /** 0, 1, ... {@code steps}: what the measures are drawn over. */
    static double[] distances(int steps) {
        double[] distances = new double[steps + 1];
        for (int i = 0; i < distances.length; i++) {
            distances[i] = i;
        }
        return distances;
    }

    /**
     * Measures it on one batch.
     *
     * @param x the input of each step, {@code [1,N,I]}, or indices {@code [1,N]}
     * @return for 0, 1, ... {@code steps} steps back: the mean over the rows, 1 at the end; NaN where too little is left
     */
    static double[] measure(
            Backend backend, RnnParameters weights, IntFunction<Input> x, int steps, int batch, Random random) {
        try (Backend scope = backend.scope()) {
            Rnn rnn = scope.rnn(weights.spec(), 1, batch, Purpose.TRAINING);
            RnnState state = scope.state(weights.spec(), batch);
            List<TrainingPass> passes = new ArrayList<>();
            for (int t = 0; t < steps; t++) {
                RnnState next = scope.state(weights.spec(), batch);
                passes.add(
                        rnn.call(weights, x.apply(t)).initial(state).last(next).train());
                state = next;
            }
            RnnState gradient = scope.state(weights.spec(), batch);
            gradient.h().set(random.doubles(gradient.h().size(), -1, 1).toArray());
            double[] end = norms(gradient);
            double[] flow = new double[steps + 1];
            flow[0] = 1;
            for (int back = 1; back <= steps; back++) {
                passes.get(steps - back)
                        .backward()
                        .dLast(gradient)
                        .dInitial(gradient)
                        .run();
                double[] norms = norms(gradient);
                for (int n = 0; n < batch; n++) {
                    flow[back] += norms[n] / end[n] / batch;
                }
                flow[back] = flow[back] < LEAST ? Double.NaN : flow[back];
            }
            return flow;
        }
    }

    private static double[] norms(RnnState gradient) {
        double[] squares = new double[gradient.batch()];
        add(gradient.h(), squares);
        Tensor c = gradient.c();
        if (c != null) {
            add(c, squares);
        }
        for (int n = 0; n < squares.length; n++) {
            squares[n] = Math.sqrt(squares[n]);
        }
        return squares;
    }

    private static void add(Tensor part, double[] squares) {
        double[] values = part.toDoubles();
        for (int i = 0; i < values.length; i++) {
            squares[i / part.dimension(2) % squares.length] += values[i] * values[i];
        }
    }
}
