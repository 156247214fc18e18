package dev.rondo.bench;

import dev.rondo.Backend;
import dev.rondo.BackendException;
import dev.rondo.Mode;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.train.Initializers;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Times the calls of one layer. A backend may queue a call and return before it is done: so calls are timed in batches, and a
 * batch ends with the reading of one element of the last result, which has to wait for it.
 */
final class LayerTimer implements AutoCloseable {
    private static final int MOST_CALLS = 1 << 20;

    /**
     * How long to measure.
     *
     * @param warmUp seconds of calls that do not count; one batch at least
     * @param time seconds of calls that do
     * @param batches batches that count at least
     * @param batch seconds that a batch takes about, in as many calls as that needs
     */
    record Effort(double warmUp, double time, int batches, double batch) {
        /** What figures are made with. */
        static final Effort FULL = new Effort(2, 1, 5, 0.02);
        /** One call. */
        static final Effort QUICK = new Effort(0, 0, 1, 0);
    }

    private final BenchCase what;
    private final Workspace workspace;
    private final Rnn rnn;
    private final RnnParameters weights;
    private final RnnParameters gradients;
    private final Tensor x;
    private final Tensor y;
    private final Tensor dy;
    private final Tensor dx;
    private final RnnState last;
    private final Tensor firstWeight;
    private final double firstValue;
    private final Tensor result;

    LayerTimer(BenchCase what, Backend backend) {
        this.what = what;
        this.workspace = new Workspace(backend);
        try {
            RnnSpec spec = what.spec();
            BenchCase.Shape shape = what.shape();
            rnn = workspace.own(backend.rnn(spec, shape.steps(), shape.batch()));
            weights = workspace.own(backend.parameters(spec));
            gradients = workspace.own(backend.parameters(spec));
            x = workspace.own(backend.tensor(shape.steps(), shape.batch(), shape.inputs()));
            dx = workspace.own(backend.tensor(shape.steps(), shape.batch(), shape.inputs()));
            y = workspace.own(backend.tensor(shape.steps(), shape.batch(), shape.hidden()));
            dy = workspace.own(backend.tensor(shape.steps(), shape.batch(), shape.hidden()));
            last = workspace.state(spec, shape.batch());
            Random random = new Random(1);
            Initializers.uniform(weights, random);
            Initializers.uniform(x, 1, random);
            Initializers.uniform(dy, 1, random);
            firstWeight = weights.flat().view(0, 1);
            firstValue = firstWeight.toDoubles()[0];
            Tensor written = what.isTraining() ? gradients.flat() : y;
            result = written.view(written.size() - 1, 1);
        } catch (RuntimeException | Error e) {
            workspace.close();
            throw e;
        }
    }

    BenchResult.Timed measure(Effort effort) {
        int calls = 1;
        double warm = 0;
        do {
            double seconds = seconds(calls);
            warm += seconds;
            if (seconds < effort.batch() && calls < MOST_CALLS) {
                calls *= 2;
            }
        } while (warm < effort.warmUp());
        List<Double> perCall = new ArrayList<>();
        double sum = 0;
        do {
            double seconds = seconds(calls);
            sum += seconds;
            perCall.add(seconds / calls);
        } while (sum < effort.time() || perCall.size() < effort.batches());
        Collections.sort(perCall);
        int middle = perCall.size() / 2;
        double median =
                perCall.size() % 2 == 1 ? perCall.get(middle) : (perCall.get(middle - 1) + perCall.get(middle)) / 2;
        return new BenchResult.Timed(what, median, perCall.get(0), perCall.size(), calls);
    }

    /** The seconds of some calls and of waiting for the last one. */
    private double seconds(int calls) {
        long start = System.nanoTime();
        for (int k = 0; k < calls; k++) {
            call();
        }
        double read = result.toDoubles()[0];
        double seconds = 1e-9 * (System.nanoTime() - start);
        if (!Double.isFinite(read)) {
            throw new BackendException("the result is not a finite number: " + read);
        }
        return seconds;
    }

    private void call() {
        if (what.mode() == Mode.INFERENCE) {
            rnn.forward(Mode.INFERENCE, weights, x, null, null, y, last);
        } else {
            // To the backend the weights have changed, as they do in training: what it keeps of them is made again.
            firstWeight.fill(firstValue);
            rnn.forward(Mode.TRAINING, weights, x, null, null, y, last);
            rnn.backward(dy, null, dx, null, gradients);
        }
    }

    @Override
    public void close() {
        workspace.close();
    }
}
