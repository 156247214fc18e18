package dev.rondo.bench.check;

import dev.rondo.Cell;
import dev.rondo.Embedding;
import dev.rondo.IntTensor;
import dev.rondo.Linear;
import dev.rondo.ParameterLayout;
import dev.rondo.Parameters;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.bench.check.Check.Output;
import dev.rondo.model.CharacterTraining;
import dev.rondo.model.CharacterTrainingSettings;
import dev.rondo.model.CharacterTrainingSettings.Algorithm;
import dev.rondo.model.TextFilter;
import dev.rondo.train.Adam;
import dev.rondo.train.Optimizer;
import dev.rondo.train.RmsProp;
import dev.rondo.train.Sgd;
import dev.rondo.train.SoftmaxCrossEntropy;
import java.util.ArrayList;
import java.util.List;

/** What stands around a recurrent network, and a whole training step. */
public final class LayerChecks {
    private static final int[][] SIZES = {{1, 1, 1}, {6, 5, 7}, {3, 64, 32}, {65, 33, 31}};

    private LayerChecks() {}

    /** All of them. */
    public static List<Check> all() {
        List<Check> checks = new ArrayList<>();
        for (int[] size : SIZES) {
            String sizes = "M" + size[0] + " I" + size[1] + " O" + size[2];
            checks.add(new Check("linear", sizes, null, workspace -> linear(workspace, size[0], size[1], size[2])));
        }
        for (int[] size : SIZES) {
            String sizes = "M" + size[0] + " V" + size[1] + " E" + size[2];
            checks.add(
                    new Check("embedding", sizes, null, workspace -> embedding(workspace, size[0], size[1], size[2])));
        }
        for (int[] size : SIZES) {
            String sizes = "M" + size[0] + " V" + size[1];
            checks.add(new Check(
                    "softmax cross-entropy", sizes, null, workspace -> crossEntropy(workspace, size[0], size[1])));
        }
        for (int size : new int[] {1, 33, 257}) {
            checks.add(new Check(
                    "optimizers", "three updates of " + size, null, workspace -> optimizers(workspace, size)));
        }
        for (Cell cell : Cell.values()) {
            String name = cell + ", momentum, three windows";
            checks.add(
                    new Check("training step", name, RnnSpec.of(cell, 1, 1), workspace -> training(workspace, cell)));
        }
        return checks;
    }

    private static List<Output> linear(Workspace workspace, int rows, int inputs, int outputs) {
        Numbers numbers = new Numbers(rows);
        Tensor weight = workspace.tensor(numbers.uniform(outputs * inputs, 1 / Math.sqrt(inputs)), outputs, inputs);
        Tensor bias = workspace.tensor(numbers.uniform(outputs, 1), outputs);
        Tensor x = workspace.tensor(numbers.uniform(rows * inputs, 1), rows, inputs);
        Tensor dy = workspace.tensor(numbers.uniform(rows * outputs, 1), rows, outputs);
        Tensor y = workspace.unset(rows, outputs);
        Tensor dx = workspace.unset(rows, inputs);
        // Gradients of weights are added to what is there.
        Tensor dWeight = workspace.tensor(numbers.uniform(outputs * inputs, 1), outputs, inputs);
        Tensor dBias = workspace.tensor(numbers.uniform(outputs, 1), outputs);
        Linear layer = workspace.backend().linear(inputs, outputs);
        layer.forward(weight, bias, x, y);
        layer.backward(weight, x, dy, dx, dWeight, dBias);
        return List.of(
                Output.forward("y", "y", y),
                Output.backward("dx", "dx", dx),
                Output.backward("dW", "dW", dWeight),
                Output.backward("db", "db", dBias));
    }

    private static List<Output> embedding(Workspace workspace, int rows, int vocabulary, int size) {
        Numbers numbers = new Numbers(rows);
        Tensor table = workspace.tensor(numbers.uniform(vocabulary * size, 1), vocabulary, size);
        IntTensor indices = workspace.indices(numbers.indices(rows, vocabulary), rows);
        Tensor dy = workspace.tensor(numbers.uniform(rows * size, 1), rows, size);
        Tensor y = workspace.unset(rows, size);
        Tensor dTable = workspace.tensor(numbers.uniform(vocabulary * size, 1), vocabulary, size);
        Embedding layer = workspace.backend().embedding(vocabulary, size);
        layer.forward(table, indices, y);
        layer.backward(indices, dy, dTable);
        return List.of(Output.forward("y", "y", y), Output.backward("dW", "dW", dTable));
    }

    private static List<Output> crossEntropy(Workspace workspace, int rows, int classes) {
        Numbers numbers = new Numbers(rows);
        int[] rowTargets = numbers.indices(rows, classes);
        for (int m = 2; m < rows; m += 5) {
            rowTargets[m] = SoftmaxCrossEntropy.MASKED;
        }
        Tensor logits = workspace.tensor(numbers.uniform(rows * classes, 20), rows, classes);
        IntTensor targets = workspace.indices(rowTargets, rows);
        Tensor loss = workspace.unset(1);
        Tensor dLogits = workspace.unset(rows, classes);
        new SoftmaxCrossEntropy(workspace.backend()).apply(logits, targets, loss, dLogits);
        return List.of(Output.forward("loss", "loss", loss), Output.backward("dx", "dx", dLogits));
    }

    /** Gradients keep away from 0, where the first update of Adam and RMSProp jumps from one sign to the other. */
    private static List<Output> optimizers(Workspace workspace, int size) {
        List<Output> outputs = new ArrayList<>();
        for (Optimizer optimizer : List.of(
                new Sgd(workspace.backend(), size, 0.1, 0),
                new Sgd(workspace.backend(), size, 0.1, 0.9),
                new RmsProp(workspace.backend(), size, 0.01, 0.95, 1e-8),
                new Adam(workspace.backend(), size, 0.01))) {
            workspace.own(optimizer);
            Numbers numbers = new Numbers(size);
            Tensor weights = workspace.tensor(numbers.uniform(size, 1), size);
            for (int update = 0; update < 3; update++) {
                double[] gradients = numbers.uniform(size, 0.9);
                for (int i = 0; i < size; i++) {
                    gradients[i] = (float) (gradients[i] + Math.copySign(0.1, gradients[i]));
                }
                optimizer.update(weights, workspace.tensor(gradients, size));
            }
            String momentum = optimizer.state().containsKey("velocity") ? " with momentum" : "";
            outputs.add(Output.forward("W", "W of " + optimizer.name() + momentum, weights));
        }
        return outputs;
    }

    /** The character model: one-hot input, two layers, loss, truncated BPTT over two windows, clipping, update. */
    private static List<Output> training(Workspace workspace, Cell cell) {
        CharacterTrainingSettings settings = CharacterTrainingSettings.of(cell, 33)
                .withLayers(2)
                .withBatch(3)
                .withSteps(7, 14)
                .withOptimizer(Algorithm.MOMENTUM, 1)
                .withSeed(5);
        String text = "the quick brown fox jumps over the lazy dog ".repeat(3);
        CharacterTraining training = workspace.own(
                new CharacterTraining(workspace.backend(), settings, TextFilter.LETTERS, text, text.length()));
        for (int window = 0; window < 3; window++) {
            training.trainWindow();
        }
        List<Output> outputs = new ArrayList<>();
        double[] loss = {training.epochLoss()};
        outputs.add(new Output("loss", "loss", false, new int[] {1}, loss));
        Parameters weights = training.model().parameters();
        for (ParameterLayout.Entry entry : weights.layout().entries()) {
            outputs.add(Output.backward("W", entry.name(), weights.tensor(entry.name())));
        }
        return outputs;
    }
}
