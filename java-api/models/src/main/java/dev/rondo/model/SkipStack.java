package dev.rondo.model;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Elementwise;
import dev.rondo.Features;
import dev.rondo.IntTensor;
import dev.rondo.Linear;
import dev.rondo.ParameterLayout;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import dev.rondo.internal.Arguments;
import dev.rondo.internal.TensorArguments;
import java.util.ArrayList;
import java.util.List;

/**
 * Stacked recurrent layers with skip connections, and a softmax at every step: each layer reads the input beside the outputs of the
 * layer below, and the linear layer at the top reads the outputs of all layers (Graves, "Generating sequences with recurrent neural
 * networks", 2013, section 2).
 *
 * <pre>
 *   y[1] = rnn1(x)      y[l] = rnnl([x ; y[l-1]])      logits = W [y[1] ; ... ; y[L]] + b
 * </pre>
 */
public final class SkipStack implements AutoCloseable {
    private final Backend scope;
    private final Trainable learned;
    private final Features features;
    private final Elementwise elementwise;
    private final int inputSize;
    private final List<Layer> layers = new ArrayList<>();
    private final StepOutput output;
    private final Tensor all;
    private final Tensor dAll;
    private final Tensor dx;
    private final Tensor dBelow;

    /** A layer with its outputs; {@code input} is what it reads if that is not x alone, and {@code dInput} the gradient by it. */
    private record Layer(Recurrence rnn, Tensor input, Tensor dInput, Tensor y, Tensor dy) {}

    /**
     * A network with weights of zero; see {@link Trainable#initialize}.
     *
     * @param backend where it runs
     * @param cell the cell of each layer
     * @param inputSize I
     * @param hiddenSize H of each layer
     * @param layers number of layers L
     * @param tags number of labels
     * @param steps T of every batch
     * @param batch N of every batch
     */
    public SkipStack(
            Backend backend, Cell cell, int inputSize, int hiddenSize, int layers, int tags, int steps, int batch) {
        this.inputSize = inputSize;
        ParameterLayout.Builder layout = ParameterLayout.builder();
        RnnSpec[] specs = new RnnSpec[Arguments.positive("layers", layers)];
        for (int l = 0; l < layers; l++) {
            specs[l] = RnnSpec.of(cell, l == 0 ? inputSize : inputSize + hiddenSize, hiddenSize);
            layout.add("rnn" + l + ".", specs[l].layout());
        }
        layout.add("output.", Linear.layout(layers * hiddenSize, tags));
        this.scope = Arguments.notNull("backend", backend).scope();
        this.learned = new Trainable(scope, layout.build());
        this.features = new Features(scope);
        this.elementwise = new Elementwise(scope);
        for (int l = 0; l < layers; l++) {
            this.layers.add(new Layer(
                    learned.recurrence("rnn" + l + ".", specs[l], steps, batch),
                    scope.tensor(steps, batch, specs[l].inputSize()),
                    scope.tensor(steps, batch, specs[l].inputSize()),
                    scope.tensor(steps, batch, hiddenSize),
                    scope.tensor(steps, batch, hiddenSize)));
        }
        this.output = new StepOutput(learned, "output.", steps, batch);
        this.all = scope.tensor(steps, batch, layers * hiddenSize);
        this.dAll = scope.tensor(steps, batch, layers * hiddenSize);
        this.dx = scope.tensor(steps, batch, inputSize);
        this.dBelow = scope.tensor(steps, batch, hiddenSize);
    }

    /**
     * The weights and gradients.
     *
     * @return closed with this
     */
    public Trainable learned() {
        return learned;
    }

    /**
     * Computes the logits of a batch.
     *
     * @param x {@code [T,N,I]}
     * @param lengths valid steps of each row, {@code [N]}
     * @return {@code [T,N,tags]}, until the next call
     */
    public Tensor forward(Tensor x, int[] lengths) {
        for (int l = 0; l < layers.size(); l++) {
            Layer layer = layers.get(l);
            layer.rnn.call(input(x, l)).lengths(lengths).y(layer.y).run();
        }
        return output.forward(joined());
    }

    /** What a layer reads. */
    private Tensor input(Tensor x, int l) {
        TensorArguments.shape("x", x, "[T,N,I]", dx.dimension(0), dx.dimension(1), inputSize);
        if (l == 0) {
            return x;
        }
        features.concat(layers.get(l).input, x, layers.get(l - 1).y);
        return layers.get(l).input;
    }

    private Tensor joined() {
        features.concat(all, layers.stream().map(Layer::y).toArray(Tensor[]::new));
        return all;
    }

    /**
     * Computes the mean cross-entropy over the steps that count, and adds up its gradients.
     *
     * @param x {@code [T,N,I]}
     * @param lengths valid steps of each row, {@code [N]}
     * @param labels the tag of each step, {@code [T,N]}; negative for a step that does not count, such as those past the lengths
     * @param loss receives it, {@code [1]}
     */
    public void train(Tensor x, int[] lengths, IntTensor labels, Tensor loss) {
        List<TrainingPass> passes = new ArrayList<>();
        try {
            for (int l = 0; l < layers.size(); l++) {
                Layer layer = layers.get(l);
                passes.add(
                        layer.rnn.call(input(x, l)).lengths(lengths).y(layer.y).train());
            }
            output.train(joined(), labels, loss, dAll);
            features.split(dAll, layers.stream().map(Layer::dy).toArray(Tensor[]::new));
            for (int l = layers.size() - 1; l >= 0; l--) {
                Layer layer = layers.get(l);
                if (l == 0) {
                    layer.rnn.backward(passes.get(l)).dy(layer.dy).run();
                } else {
                    layer.rnn
                            .backward(passes.get(l))
                            .dy(layer.dy)
                            .dx(layer.dInput)
                            .run();
                    features.split(layer.dInput, dx, dBelow);
                    elementwise.add(1, dBelow, layers.get(l - 1).dy);
                }
            }
        } finally {
            passes.forEach(TrainingPass::close);
        }
    }

    @Override
    public void close() {
        learned.close();
        scope.close();
    }
}
