package dev.rondo.model;

import dev.rondo.Activation;
import dev.rondo.Backend;
import dev.rondo.Elementwise;
import dev.rondo.IntTensor;
import dev.rondo.Linear;
import dev.rondo.ParameterLayout;
import dev.rondo.Tensor;
import dev.rondo.internal.Arguments;
import dev.rondo.internal.TensorArguments;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * A network without recurrence that recurrent ones are compared with: blocks of two causal convolutions, whose dilation doubles from
 * block to block, and a softmax at every step (Bai, Kolter, Koltun, "An empirical evaluation of generic convolutional and recurrent
 * networks for sequence modeling", 2018; without their weight normalisation and dropout).
 *
 * <pre>
 *   a = relu(conv1(x))      b = relu(conv2(a))      y = relu(b + x), or relu(b + W x) where the sizes of x and y differ
 * </pre>
 */
public final class TemporalConvolutionNetwork implements AutoCloseable {
    private static final int LARGEST_DEPTH = 24;

    private final Backend scope;
    private final Trainable learned;
    private final Elementwise elementwise;
    private final int steps;
    private final int batch;
    private final int inputSize;
    private final int hiddenSize;
    private final int kernelSize;
    private final List<Block> blocks = new ArrayList<>();
    private final StepOutput output;

    /**
     * A network with weights of zero; see {@link Trainable#initialize}.
     *
     * @param backend where it runs
     * @param inputSize I
     * @param hiddenSize H, the size of the outputs of each block
     * @param kernelSize steps that a convolution reads, at least 2
     * @param depth number of blocks, 1 to 24
     * @param tags number of labels
     * @param steps T of every batch
     * @param batch N of every batch
     */
    public TemporalConvolutionNetwork(
            Backend backend, int inputSize, int hiddenSize, int kernelSize, int depth, int tags, int steps, int batch) {
        this.steps = steps;
        this.batch = batch;
        this.inputSize = inputSize;
        this.hiddenSize = hiddenSize;
        this.kernelSize = Arguments.inRange("kernelSize", kernelSize, 2, 1 << 6);
        ParameterLayout.Builder layout = ParameterLayout.builder();
        for (int i = 0; i < Arguments.inRange("depth", depth, 1, LARGEST_DEPTH); i++) {
            int size = i == 0 ? inputSize : hiddenSize;
            layout.add("block" + i + ".first.", CausalConvolution.layout(size, hiddenSize, kernelSize))
                    .add("block" + i + ".second.", CausalConvolution.layout(hiddenSize, hiddenSize, kernelSize));
            if (size != hiddenSize) {
                layout.add("block" + i + ".residual.", Linear.layout(size, hiddenSize));
            }
        }
        layout.add("output.", Linear.layout(hiddenSize, tags));
        this.scope = Arguments.notNull("backend", backend).scope();
        this.learned = new Trainable(scope, layout.build());
        this.elementwise = new Elementwise(scope);
        for (int i = 0; i < depth; i++) {
            blocks.add(new Block(i));
        }
        this.output = new StepOutput(learned, "output.", steps, batch);
    }

    /** Two convolutions with a residual connection around them. */
    private final class Block {
        final Tensor y = sequence(hiddenSize);
        final Tensor dy = sequence(hiddenSize);
        private final CausalConvolution first;
        private final CausalConvolution second;
        private final @Nullable Affine residual; // in the first block alone
        private final Tensor a = sequence(hiddenSize);
        private final Tensor da = sequence(hiddenSize);
        private final Tensor b = sequence(hiddenSize);
        private final Tensor db = sequence(hiddenSize);

        Block(int i) {
            String prefix = "block" + i + ".";
            int size = i == 0 ? inputSize : hiddenSize;
            this.first = new CausalConvolution(learned, prefix + "first.", size, kernelSize, 1 << i, steps, batch);
            this.second =
                    new CausalConvolution(learned, prefix + "second.", hiddenSize, kernelSize, 1 << i, steps, batch);
            this.residual = size == hiddenSize ? null : learned.affine(prefix + "residual.");
        }

        private Tensor sequence(int size) {
            return scope.tensor(steps, batch, size);
        }

        void forward(Tensor x) {
            first.forward(x, a);
            elementwise.activate(Activation.RELU, a, a);
            second.forward(a, b);
            elementwise.activate(Activation.RELU, b, b);
            if (residual == null) {
                y.copyFrom(x);
            } else {
                residual.forward(x, y);
            }
            elementwise.add(1, b, y);
            elementwise.activate(Activation.RELU, y, y);
        }

        /** From {@link #dy}, which it changes; {@code dx} is null in the first block, whose input is that of the network. */
        void backward(Tensor x, @Nullable Tensor dx) {
            elementwise.activateBackward(Activation.RELU, y, dy, dy);
            elementwise.activateBackward(Activation.RELU, b, dy, db);
            second.backward(a, db, da);
            elementwise.activateBackward(Activation.RELU, a, da, da);
            first.backward(x, da, dx);
            if (residual != null) {
                residual.backward(x, dy, null);
            }
            if (dx != null) {
                elementwise.add(1, dy, dx);
            }
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
     * How many steps an output depends on: its own and those before it.
     *
     * @return {@code 1 + 2 (kernelSize - 1) (2^depth - 1)}
     */
    public long receptiveField() {
        return 1 + 2L * (kernelSize - 1) * ((1L << blocks.size()) - 1);
    }

    /**
     * Computes the logits of a batch. What comes after a step has no influence on it, so short rows need no lengths.
     *
     * @param x {@code [T,N,I]}
     * @return {@code [T,N,tags]}, until the next call
     */
    public Tensor forward(Tensor x) {
        return output.forward(features(x));
    }

    private Tensor features(Tensor x) {
        TensorArguments.shape("x", x, "[T,N,I]", steps, batch, inputSize);
        Tensor below = x;
        for (Block block : blocks) {
            block.forward(below);
            below = block.y;
        }
        return below;
    }

    /**
     * Computes the mean cross-entropy over the steps that count, and adds up its gradients.
     *
     * @param x {@code [T,N,I]}
     * @param labels the tag of each step, {@code [T,N]}; negative for a step that does not count
     * @param loss receives it, {@code [1]}
     */
    public void train(Tensor x, IntTensor labels, Tensor loss) {
        int last = blocks.size() - 1;
        output.train(features(x), labels, loss, blocks.get(last).dy);
        for (int i = last; i >= 0; i--) {
            blocks.get(i).backward(i == 0 ? x : blocks.get(i - 1).y, i == 0 ? null : blocks.get(i - 1).dy);
        }
    }

    @Override
    public void close() {
        learned.close();
        scope.close();
    }
}
