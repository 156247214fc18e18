package dev.rondo.model;

import dev.rondo.Elementwise;
import dev.rondo.Linear;
import dev.rondo.ParameterLayout;
import dev.rondo.Tensor;
import org.jspecify.annotations.Nullable;

/**
 * A convolution along time that looks back alone, with gaps: {@code y[t] = b + sum over j of W[j] x[t - j*dilation]}, where what is
 * before the first step is zero. Each {@code W[j]} is a linear layer on a view of {@code x}, shifted in time.
 */
final class CausalConvolution {
    private final Affine[] taps;
    private final int dilation;
    private final Elementwise elementwise;
    private final Tensor shareOfY;
    private final Tensor shareOfX;

    CausalConvolution(
            Trainable learned, String prefix, int inputSize, int kernelSize, int dilation, int steps, int batch) {
        this.taps = new Affine[kernelSize];
        for (int j = 0; j < kernelSize; j++) {
            taps[j] = learned.affine(prefix + "tap" + j + ".");
        }
        this.dilation = dilation;
        this.elementwise = new Elementwise(learned.backend());
        this.shareOfY = learned.backend().tensor(steps, batch, taps[0].outputSize());
        this.shareOfX = learned.backend().tensor(steps, batch, inputSize);
    }

    /** {@code tap0.weight [O,I]}, {@code tap0.bias [O]}, {@code tap1.weight [O,I]}, ... */
    static ParameterLayout layout(int inputSize, int outputSize, int kernelSize) {
        ParameterLayout.Builder layout = ParameterLayout.builder().add("tap0.", Linear.layout(inputSize, outputSize));
        for (int j = 1; j < kernelSize; j++) {
            layout.add("tap" + j + ".weight", outputSize, inputSize);
        }
        return layout.build();
    }

    void forward(Tensor x, Tensor y) {
        taps[0].forward(x, y);
        for (int j = 1; reaches(j, x); j++) {
            Tensor share = first(shareOfY, j);
            taps[j].forward(first(x, j), share);
            elementwise.add(1, share, last(y, j));
        }
    }

    void backward(Tensor x, Tensor dy, @Nullable Tensor dx) {
        taps[0].backward(x, dy, dx);
        for (int j = 1; reaches(j, x); j++) {
            Tensor share = dx == null ? null : first(shareOfX, j);
            taps[j].backward(first(x, j), last(dy, j), share);
            if (dx != null && share != null) {
                elementwise.add(1, share, first(dx, j));
            }
        }
    }

    /** Whether tap j is there, and does not look before the first step at every step. */
    private boolean reaches(int j, Tensor x) {
        return j < taps.length && (long) j * dilation < x.dimension(0);
    }

    /** The steps that tap j reads. */
    private Tensor first(Tensor sequence, int j) {
        return sequence.view(0, sequence.dimension(0) - j * dilation, sequence.dimension(1), sequence.dimension(2));
    }

    /** The steps that tap j writes. */
    private Tensor last(Tensor sequence, int j) {
        int shift = j * dilation;
        return sequence.view(
                shift * sequence.dimension(1) * sequence.dimension(2),
                sequence.dimension(0) - shift,
                sequence.dimension(1),
                sequence.dimension(2));
    }
}
