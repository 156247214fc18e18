package dev.rondo.bench.measure;

import dev.rondo.Backend;
import dev.rondo.ForwardCall;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import dev.rondo.bench.check.LayerResults;
import dev.rondo.bench.check.Workspace;
import dev.rondo.train.Initializers;
import java.util.Random;

/** One layer with random weights and input, whose calls are timed. */
final class LayerTimer implements AutoCloseable {
    private final BenchCase what;
    private final CallTimer timer;
    private final Workspace workspace;
    private final ForwardCall call;
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
        this.timer = new CallTimer(backend);
        this.workspace = new Workspace(backend);
        try {
            backend.warmUp();
            RnnSpec spec = what.spec();
            BenchCase.Shape shape = what.shape();
            Rnn rnn = workspace.own(backend.rnn(spec, shape.steps(), shape.batch(), what.purpose()));
            weights = workspace.own(backend.parameters(spec));
            gradients = workspace.own(backend.parameters(spec));
            x = workspace.own(backend.tensor(shape.steps(), shape.batch(), shape.inputs()));
            dx = workspace.own(backend.tensor(shape.steps(), shape.batch(), shape.inputs()));
            y = workspace.own(backend.tensor(shape.steps(), shape.batch(), shape.hidden()));
            dy = workspace.own(backend.tensor(shape.steps(), shape.batch(), shape.hidden()));
            last = workspace.state(spec, shape.batch());
            call = rnn.call(weights, x).y(y).last(last);
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

    CallTimer.Times measure(CallTimer.Effort effort) {
        return timer.measure(effort, this::call, () -> result.toDoubles()[0]);
    }

    /** The results of one call: gradients of weights begin at zero. */
    LayerResults once() {
        gradients.flat().fill(0);
        call();
        return what.isTraining()
                ? new LayerResults(y.toFloats(), dx.toFloats(), gradients.flat().toFloats())
                : new LayerResults(y.toFloats(), null, null);
    }

    RnnParameters weights() {
        return weights;
    }

    Tensor x() {
        return x;
    }

    Tensor dy() {
        return dy;
    }

    private void call() {
        if (what.purpose() == Purpose.INFERENCE) {
            call.run();
        } else {
            // To the backend the weights have changed, as they do in training: what it keeps of them is made again.
            firstWeight.fill(firstValue);
            try (TrainingPass pass = call.train()) {
                pass.backward().dy(dy).dx(dx).gradients(gradients).run();
            }
        }
    }

    @Override
    public void close() {
        workspace.close();
    }
}
