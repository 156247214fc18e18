package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.IntTensor;
import dev.rondo.Linear;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.train.Adam;
import dev.rondo.train.SoftmaxCrossEntropy;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CyclicBarrier;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** Many threads on one backend: each gets the bits that it gets when it is alone. */
public abstract class CallersContract extends BackendContract {
    /** For subclasses. */
    protected CallersContract() {}

    private static final int THREADS = 6;
    private static final int ROUNDS = 12;

    /** The jobs, all at the same time; each must give what it gives alone. */
    private static void together(List<Callable<double[]>> jobs) throws InterruptedException {
        List<double[]> alone = new ArrayList<>();
        for (Callable<double[]> job : jobs) {
            alone.add(result(job));
        }
        ExecutorService threads = Executors.newFixedThreadPool(jobs.size());
        try {
            CyclicBarrier start = new CyclicBarrier(jobs.size());
            List<Future<double[]>> results = new ArrayList<>();
            for (Callable<double[]> job : jobs) {
                results.add(threads.submit(() -> {
                    start.await();
                    return job.call();
                }));
            }
            for (int i = 0; i < jobs.size(); i++) {
                int index = i;
                assertArrayEquals(alone.get(i), result(() -> results.get(index).get()), "job " + i);
            }
        } finally {
            threads.shutdownNow();
        }
    }

    private static double[] result(Callable<double[]> job) {
        try {
            return job.call();
        } catch (ExecutionException e) {
            throw new AssertionError("a job failed", e.getCause());
        } catch (Exception e) {
            throw new AssertionError("a job failed", e);
        }
    }

    /** Streams that share weights, each with its network and state, while other weights are trained. */
    @ParameterizedTest
    @EnumSource(Cell.class)
    void streamsShareWeights(Cell cell) throws InterruptedException {
        RnnCase network = RnnCase.random(RnnSpec.of(cell, 5, 33), 4, 2, 91);
        assumeSupported(network.spec);
        RnnParameters weights = network.weights(backend());
        List<Callable<double[]>> jobs = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            int seed = i;
            jobs.add(() -> stream(weights, seed));
        }
        jobs.add(() -> training(RnnCase.random(RnnSpec.of(cell, 5, 20), 4, 3, 92)));
        jobs.add(() -> training(network));
        together(jobs);
    }

    private double[] stream(RnnParameters weights, int seed) {
        RnnSpec spec = weights.spec();
        Backend backend = backend();
        try (Rnn rnn = backend.rnn(spec, 1, 1, Purpose.INFERENCE);
                RnnState state = backend.state(spec, 1);
                Tensor x = backend.tensor(1, 1, spec.inputSize()).set(new Numbers(seed).uniform(spec.inputSize(), 1));
                Tensor y = backend.tensor(1, 1, spec.outputSize())) {
            double[] all = new double[ROUNDS * spec.outputSize()];
            for (int i = 0; i < ROUNDS; i++) {
                rnn.step(weights, x, state, y);
                System.arraycopy(y.toDoubles(), 0, all, i * spec.outputSize(), spec.outputSize());
            }
            return all;
        }
    }

    /** Some updates of weights of its own. */
    private double[] training(RnnCase network) {
        Backend backend = backend();
        RnnParameters weights = network.weights(backend);
        RnnParameters gradients = backend.parameters(network.spec);
        int size = weights.flat().size();
        try (Rnn rnn = network.rnn(backend);
                Adam adam = new Adam(backend, size, 0.01, 0.9, 0.999, 1e-8)) {
            for (int i = 0; i < ROUNDS; i++) {
                gradients.flat().fill(0);
                rnn.call(weights, network.input(backend)).train().backward(network.dy(backend), gradients);
                adam.update(weights.flat(), gradients.flat());
            }
            return weights.flat().toDoubles();
        }
    }

    /** One job is large, so that it takes all of the backend's threads; the others are small. */
    @Test
    void largeCallsBesideSmallOnes() throws InterruptedException {
        RnnCase large = RnnCase.random(RnnSpec.of(Cell.LSTM, 20, 70), 20, 6, 93);
        RnnCase small = RnnCase.random(RnnSpec.of(Cell.GRU, 3, 4), 3, 2, 94);
        List<Callable<double[]>> jobs = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            RnnCase network = i % 3 == 0 ? large : small;
            jobs.add(() -> {
                double[] gradients = new double[0];
                for (int round = 0; round < ROUNDS; round++) {
                    gradients = network.run(backend()).gradients();
                }
                return gradients;
            });
        }
        together(jobs);
    }

    /** Linear layers that share weights, with numbers of rows of their own. */
    @Test
    void layersShareWeights() throws InterruptedException {
        int inputs = 37;
        int outputs = 50;
        Numbers numbers = new Numbers(95);
        Tensor weight = backend().tensor(outputs, inputs).set(numbers.uniform(outputs * inputs, 1));
        Tensor bias = backend().tensor(outputs).set(numbers.uniform(outputs, 1));
        List<Callable<double[]>> jobs = new ArrayList<>();
        for (int i = 0; i < THREADS; i++) {
            int rows = 1 + 7 * i;
            jobs.add(() -> classify(weight, bias, rows));
        }
        together(jobs);
    }

    private double[] classify(Tensor weight, Tensor bias, int rows) {
        int outputs = weight.dimension(0);
        int inputs = weight.dimension(1);
        Backend backend = backend();
        Numbers numbers = new Numbers(rows);
        Tensor x = backend.tensor(rows, inputs).set(numbers.uniform(rows * inputs, 1));
        Tensor y = backend.tensor(rows, outputs);
        Tensor dx = backend.tensor(rows, inputs);
        Tensor dWeight = backend.tensor(outputs, inputs);
        Tensor loss = backend.tensor(1);
        IntTensor targets = backend.intTensor(rows);
        Linear linear = backend.linear(inputs, outputs);
        for (int i = 0; i < ROUNDS; i++) {
            linear.forward(weight, bias, x, y);
            new SoftmaxCrossEntropy(backend).apply(y, targets, loss, y);
            linear.backward(weight, x, y, dx, dWeight, null);
            x.copyFrom(dx);
        }
        return dWeight.toDoubles();
    }
}
