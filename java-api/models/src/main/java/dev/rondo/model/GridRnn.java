package dev.rondo.model;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Direction;
import dev.rondo.Elementwise;
import dev.rondo.Features;
import dev.rondo.IntTensor;
import dev.rondo.Linear;
import dev.rondo.ParameterLayout;
import dev.rondo.Pooling;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import dev.rondo.internal.Arguments;
import dev.rondo.internal.TensorArguments;
import dev.rondo.train.SoftmaxCrossEntropy;
import java.util.ArrayList;
import java.util.List;

/**
 * A class for an image, read by recurrent networks of two dimensions from its four corners: Graves, Fernandez, Schmidhuber,
 * "Multi-dimensional recurrent neural networks" (2007). From the upper left corner, with the cell {@link Cell#RNN_TANH}:
 *
 * <pre>
 *   h[i,j] = tanh(W x[i,j] + U h[i,j-1] + V h[i-1,j] + b)
 * </pre>
 *
 * <p>A row is a sequence for an ordinary network, which reads {@code [x[i,j] ; h[i-1,j]]}; so W and V stand side by side in its input
 * weights. The states of the four networks are joined at each position, their mean is taken over the image, and a linear layer and
 * a softmax name the class. Gated cells are allowed: their gates see both neighbours, and what they carry passes along the row.
 */
public final class GridRnn implements AutoCloseable {
    private static final int CORNERS = 4;

    private final Backend scope;
    private final Trainable learned;
    private final Features features;
    private final Elementwise elementwise;
    private final Pooling pooling;
    private final Affine output;
    private final SoftmaxCrossEntropy crossEntropy;
    private final int rows;
    private final int columns;
    private final int batch;
    private final int channels;
    private final int hiddenSize;
    private final List<Scan> scans = new ArrayList<>();
    private final Tensor joined;
    private final Tensor dJoined;
    private final Tensor summary;
    private final Tensor dSummary;
    private final Tensor logits;
    private final Tensor nothing;
    private final Tensor dInput;
    private final Tensor dx;
    private final Tensor dAbove;

    /**
     * A network with weights of zero; see {@link Trainable#initialize}.
     *
     * @param backend where it runs
     * @param cell the cell
     * @param channels K, the size of a pixel
     * @param hiddenSize H of the network from each corner
     * @param classes number of labels
     * @param rows R of every image
     * @param columns C of every image
     * @param batch number of images N
     */
    public GridRnn(
            Backend backend, Cell cell, int channels, int hiddenSize, int classes, int rows, int columns, int batch) {
        this.rows = Arguments.positive("rows", rows);
        this.columns = Arguments.positive("columns", columns);
        this.batch = Arguments.positive("batch", batch);
        this.channels = channels;
        this.hiddenSize = hiddenSize;
        RnnSpec fromLeft = RnnSpec.of(cell, channels + hiddenSize, hiddenSize);
        RnnSpec fromRight = fromLeft.withDirection(Direction.REVERSE);
        ParameterLayout.Builder layout = ParameterLayout.builder();
        for (int corner = 0; corner < CORNERS; corner++) {
            layout.add("corner" + corner + ".", (corner % 2 == 0 ? fromLeft : fromRight).layout());
        }
        layout.add("output.", Linear.layout(CORNERS * hiddenSize, classes));
        this.scope = Arguments.notNull("backend", backend).scope();
        this.learned = new Trainable(scope, layout.build());
        this.features = new Features(scope);
        this.elementwise = new Elementwise(scope);
        this.pooling = new Pooling(scope, Pooling.Kind.MEAN);
        this.crossEntropy = new SoftmaxCrossEntropy(scope);
        for (int corner = 0; corner < CORNERS; corner++) {
            scans.add(new Scan(corner, corner % 2 == 0 ? fromLeft : fromRight));
        }
        this.output = learned.affine("output.");
        this.joined = scope.tensor(rows * columns, batch, CORNERS * hiddenSize);
        this.dJoined = scope.tensor(rows * columns, batch, CORNERS * hiddenSize);
        this.summary = scope.tensor(batch, CORNERS * hiddenSize);
        this.dSummary = scope.tensor(batch, CORNERS * hiddenSize);
        this.logits = scope.tensor(batch, classes);
        this.nothing = scope.tensor(columns, batch, hiddenSize);
        this.dInput = scope.tensor(columns, batch, channels + hiddenSize);
        this.dx = scope.tensor(columns, batch, channels);
        this.dAbove = scope.tensor(columns, batch, hiddenSize);
    }

    /** The network that starts in one corner. Its rows are numbered in the order in which it reads them. */
    private final class Scan {
        final Tensor h = scope.tensor(rows * columns, batch, hiddenSize);
        final Tensor dh = scope.tensor(rows * columns, batch, hiddenSize);
        private final boolean fromBelow;
        private final Recurrence rnn;
        private final Tensor[] inputs;
        private final Tensor[] hs;
        private final Tensor[] dhs;

        Scan(int corner, RnnSpec spec) {
            this.fromBelow = corner / 2 == 1;
            this.rnn = learned.recurrence("corner" + corner + ".", spec, columns, batch);
            this.inputs = inOrder(scope.tensor(rows * columns, batch, channels + hiddenSize));
            this.hs = inOrder(h);
            this.dhs = inOrder(dh);
        }

        private Tensor[] inOrder(Tensor image) {
            int size = image.size() / rows;
            Tensor[] views = new Tensor[rows];
            for (int i = 0; i < rows; i++) {
                int row = fromBelow ? rows - 1 - i : i;
                views[i] = image.view(row * size, columns, batch, size / (columns * batch));
            }
            return views;
        }

        private Tensor input(Tensor[] x, int i) {
            features.concat(inputs[i], x[i], i == 0 ? nothing : hs[i - 1]);
            return inputs[i];
        }

        void forward(Tensor image) {
            Tensor[] x = inOrder(image);
            for (int i = 0; i < rows; i++) {
                rnn.call(input(x, i)).y(hs[i]).run();
            }
        }

        /** The passes of its rows are added at the end. */
        void train(Tensor image, List<TrainingPass> passes) {
            Tensor[] x = inOrder(image);
            for (int i = 0; i < rows; i++) {
                passes.add(rnn.call(input(x, i)).y(hs[i]).train());
            }
        }

        /** From {@link #dh}, which it changes: a state has a share in the row below it. */
        void backward(List<TrainingPass> passes) {
            for (int i = rows - 1; i > 0; i--) {
                rnn.backward(passes.get(i)).dy(dhs[i]).dx(dInput).run();
                features.split(dInput, dx, dAbove);
                elementwise.add(1, dAbove, dhs[i - 1]);
            }
            rnn.backward(passes.get(0)).dy(dhs[0]).run();
        }
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
     * Computes the logits of a batch of images.
     *
     * @param x {@code [R,C,N,K]}
     * @return {@code [N,classes]}, until the next call
     */
    public Tensor forward(Tensor x) {
        check(x);
        for (Scan scan : scans) {
            scan.forward(x);
        }
        return logits();
    }

    private void check(Tensor x) {
        TensorArguments.shape("x", x, "[R,C,N,K]", rows, columns, batch, channels);
    }

    private Tensor logits() {
        features.concat(joined, scans.stream().map(scan -> scan.h).toArray(Tensor[]::new));
        pooling.forward(joined, null, summary);
        output.forward(summary, logits);
        return logits;
    }

    /**
     * Computes the mean cross-entropy of a batch of images, and adds up its gradients.
     *
     * @param x {@code [R,C,N,K]}
     * @param labels the class of each image, {@code [N]}; negative for one that does not count
     * @param loss receives it, {@code [1]}
     */
    public void train(Tensor x, IntTensor labels, Tensor loss) {
        check(x);
        List<TrainingPass> passes = new ArrayList<>();
        try {
            for (Scan scan : scans) {
                scan.train(x, passes);
            }
            crossEntropy.apply(logits(), labels, loss, logits);
            output.backward(summary, logits, dSummary);
            pooling.backward(joined, null, summary, dSummary, dJoined);
            features.split(dJoined, scans.stream().map(scan -> scan.dh).toArray(Tensor[]::new));
            for (int corner = 0; corner < CORNERS; corner++) {
                scans.get(corner).backward(passes.subList(corner * rows, (corner + 1) * rows));
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
