package dev.rondo.cuda;

import dev.rondo.Activation;
import dev.rondo.Attention;
import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Direction;
import dev.rondo.Elementwise;
import dev.rondo.Embedding;
import dev.rondo.Features;
import dev.rondo.Gaussian;
import dev.rondo.IntTensor;
import dev.rondo.LayerNorm;
import dev.rondo.Linear;
import dev.rondo.Pooling;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Sampling;
import dev.rondo.Tensor;
import dev.rondo.emulator.Emulator;
import dev.rondo.train.Adam;
import dev.rondo.train.GradientClipping;
import dev.rondo.train.MeanSquaredError;
import dev.rondo.train.Optimizer;
import dev.rondo.train.RmsProp;
import dev.rondo.train.Sgd;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;

/** Work that between it launches every kernel; what it computes, as text to compare, and what it launched. */
final class Workload {
    /** The forms of a recurrence, and the one for a cell that has no other. */
    static final List<String> FORMS =
            List.of("block,step", "cluster:2,step", "cluster:4,step", "cluster:8,step", "cluster:16,step", "grid,step");

    private static final int[] LENGTHS = {3, 0, 1, 2, 3};

    private final Backend backend;
    private final Random random = new Random(5);
    private final Map<String, String> results = new LinkedHashMap<>();
    private final Set<String> launched = new TreeSet<>();

    Workload(Backend backend) {
        this.backend = backend;
    }

    /** The name of each result and its bits. */
    Map<String, String> results() {
        return results;
    }

    /** The kernels that ran. */
    Set<String> launched() {
        return launched;
    }

    /** The cells of the backend, in a fixed order. */
    static List<Cell> cells() {
        return Arrays.stream(Cell.values())
                .filter(cell -> CudaCells.find(cell).isPresent())
                .toList();
    }

    /** Everything that the backend does, in small. */
    Workload all() {
        for (Cell cell : cells()) {
            RnnSpec spec = RnnSpec.of(cell, 5, 7).withLayers(2).withDirection(Direction.BIDIRECTIONAL);
            step(spec, 3, 5, false, LENGTHS);
            step(RnnSpec.of(cell, 9, 6).withLayers(2).withDropout(0.4), 3, 2, true, null);
        }
        step(RnnSpec.of(Cell.LSTM, 4, 40), 6, 33, false, null);
        products();
        linear(600, 10, 20);
        embedding();
        meanSquaredError();
        optimizers();
        states();
        elements();
        sequences();
        layerNorm();
        distributions();
        return this;
    }

    /** A linear layer that is large enough for the kernels for large products. */
    Workload products() {
        linear(300, 200, 140);
        return this;
    }

    /** Recurrences of shapes that take different ways through a form: one row, a few, more, and units that do not fill four. */
    Workload recurrences() {
        for (Cell cell : cells()) {
            step(RnnSpec.of(cell, 3, 8), 3, 1, false, null);
            step(RnnSpec.of(cell, 3, 8).withDirection(Direction.REVERSE), 3, 3, false, new int[] {3, 0, 2});
            step(RnnSpec.of(cell, 3, 8), 3, 6, false, null);
            step(RnnSpec.of(cell, 3, 7), 3, 2, false, null);
        }
        return this;
    }

    /** The first time launch by launch, then captured, then replayed. */
    private void step(RnnSpec spec, int steps, int batch, boolean isIndices, int[] lengths) {
        try (TrainingStep one = new TrainingStep(backend, spec, steps, batch, isIndices, lengths)) {
            for (int run = 0; run < 3; run++) {
                add(spec + " T" + steps + " N" + batch + " run " + run, one.run());
            }
        }
    }

    private Tensor random(int... shape) {
        Tensor tensor = backend.tensor(shape);
        float[] values = new float[tensor.size()];
        for (int i = 0; i < values.length; i++) {
            values[i] = random.nextFloat() - 0.5f;
        }
        return tensor.set(values);
    }

    private void add(String name, String bits) {
        results.put(name, bits);
        // The emulator remembers some thousand launches.
        for (long i = 0; ; i++) {
            String launch = Emulator.launch(i);
            if (launch == null) {
                break;
            }
            launched.add(launch.substring(0, launch.indexOf(' ')));
        }
    }

    private void add(String name, Tensor... tensors) {
        List<String> hashes = new ArrayList<>();
        for (Tensor tensor : tensors) {
            hashes.add(Integer.toHexString(Arrays.hashCode(tensor.toFloats())));
        }
        add(name, hashes.toString());
        for (Tensor tensor : tensors) {
            tensor.close();
        }
    }

    private void linear(int rows, int inputs, int outputs) {
        Linear linear = backend.linear(inputs, outputs);
        Tensor weight = random(outputs, inputs);
        Tensor bias = random(outputs);
        Tensor x = random(rows, inputs);
        Tensor y = random(rows, outputs);
        Tensor dx = random(rows, inputs);
        Tensor dWeight = random(outputs, inputs);
        Tensor dBias = random(outputs);
        linear.forward(weight, bias, x, y);
        linear.backward(weight, x, y, dx, dWeight, dBias);
        add("linear " + rows + " " + inputs + " " + outputs, y, dx, dWeight, dBias);
    }

    private void embedding() {
        Embedding embedding = backend.embedding(9, 70);
        IntTensor indices = backend.intTensor(300).set(random.ints(300, 0, 9).toArray());
        Tensor table = random(9, 70);
        Tensor y = random(300, 70);
        Tensor dTable = random(9, 70);
        embedding.forward(table, indices, y);
        embedding.backward(indices, y, dTable);
        add("embedding", y, dTable);
    }

    /** Rows of a large state that take turns in a small one. */
    private void states() {
        RnnSpec spec = RnnSpec.of(Cell.LSTM, 3, 5).withLayers(2);
        try (RnnState pool = new RnnState(random(2, 9, 5), random(2, 9, 5));
                RnnState some = new RnnState(random(2, 4, 5), random(2, 4, 5))) {
            RnnState taken = backend.state(spec, 4);
            taken.gather(pool, 7, 0, 8, 3);
            some.scatter(pool, 1, 8, 5, 0);
            add("states", pool.h(), taken.h());
        }
    }

    private void meanSquaredError() {
        Tensor prediction = random(40, 50);
        Tensor loss = random(1);
        new MeanSquaredError(backend).apply(prediction, random(40, 50), loss, prediction);
        add("mean squared error", prediction, loss);
    }

    private void elements() {
        Elementwise elements = new Elementwise(backend);
        Features features = new Features(backend);
        for (Activation activation : Activation.values()) {
            Tensor x = random(70, 9);
            Tensor dx = random(70, 9);
            elements.activate(activation, x, x);
            elements.activateBackward(activation, x, dx, dx);
            elements.add(0.7, x, dx);
            elements.multiplyAdd(x, x, dx);
            add(activation.name(), x, dx);
        }
        Tensor vectors = random(3, 5);
        Tensor sequence = random(100, 3, 5);
        features.sum(sequence, vectors);
        features.repeat(vectors, sequence);
        add("features", vectors, sequence);
    }

    private void sequences() {
        Tensor x = random(20, 4, 6);
        IntTensor lengths = backend.intTensor(4).set(20, 0, 7, 1);
        for (Pooling.Kind kind : Pooling.Kind.values()) {
            Pooling pooling = new Pooling(backend, kind);
            Tensor y = random(4, 6);
            Tensor dx = random(20, 4, 6);
            pooling.forward(x, lengths, y);
            pooling.backward(x, lengths, y, y, dx);
            add(kind.name(), y, dx);
        }
        Attention attention = new Attention(backend);
        for (Tensor u : new Tensor[] {null, random(6)}) {
            Tensor q = random(9, 4, 6);
            Tensor weights = random(9, 4, 20);
            Tensor context = random(9, 4, 6);
            Tensor dq = random(9, 4, 6);
            Tensor dk = random(20, 4, 6);
            Tensor dv = random(20, 4, 6);
            Tensor du = u == null ? null : random(6);
            attention.forward(q, x, x, lengths, u, weights, context);
            attention.backward(q, x, x, lengths, u, weights, context, dq, dk, dv, du);
            if (du != null) {
                add("additive attention", du);
            }
            add("attention " + (u != null), weights, context, dq, dk, dv);
        }
    }

    private void layerNorm() {
        LayerNorm norm = backend.layerNorm(150);
        Tensor weight = random(150);
        Tensor bias = random(150);
        Tensor x = random(300, 150);
        Tensor y = random(300, 150);
        Tensor statistics = random(300, 2);
        Tensor dx = random(300, 150);
        Tensor dWeight = random(150);
        Tensor dBias = random(150);
        norm.forward(weight, bias, x, y, statistics);
        norm.backward(weight, x, statistics, y, dx, dWeight, dBias);
        add("layer normalisation", y, statistics, dx, dWeight, dBias);
    }

    private void distributions() {
        Sampling sampling = new Sampling(backend);
        Tensor logits = random(6, 300);
        Tensor logs = random(6, 20);
        Tensor uniform = backend.tensor(6).fill(0.6);
        IntTensor best = backend.intTensor(6, 20);
        IntTensor drawn = backend.intTensor(6);
        sampling.best(logits, 20, best, logs);
        sampling.draw(logits, 0.8, 50, uniform, drawn);
        add("choices " + Arrays.toString(best.toInts()) + Arrays.toString(drawn.toInts()), logs);
        Gaussian gaussian = new Gaussian(backend);
        Tensor mean = random(70, 9);
        Tensor logVariance = random(70, 9);
        Tensor z = random(70, 9);
        Tensor dMean = random(70, 9);
        Tensor dLogVariance = random(70, 9);
        Tensor divergence = random(1);
        Tensor loss = random(1);
        gaussian.draw(mean, logVariance, random(70, 9), z);
        gaussian.drawBackward(logVariance, mean, z, dMean, dLogVariance);
        gaussian.divergence(mean, logVariance, null, 0.1, divergence, dMean, dLogVariance);
        gaussian.loss(z, mean, logVariance, null, 0.1, loss, dMean, dLogVariance);
        add("Gaussian", z, dMean, dLogVariance, divergence, loss);
    }

    private void optimizers() {
        int size = 1000;
        Tensor gradients = random(size);
        try (GradientClipping clipping = new GradientClipping(backend)) {
            clipping.byValue(gradients, 0.3);
        }
        for (Optimizer optimizer : List.of(
                new Sgd(backend, size, 0.1, 0),
                new Sgd(backend, size, 0.1, 0.9),
                new RmsProp(backend, size, 0.1, 0.95, 1e-8),
                new Adam(backend, size, 0.1))) {
            Tensor weights = random(size);
            for (int i = 0; i < 3; i++) {
                optimizer.update(weights, gradients);
            }
            add(optimizer.name() + " with " + optimizer.state().size() + " vectors", weights);
            optimizer.close();
        }
    }
}
