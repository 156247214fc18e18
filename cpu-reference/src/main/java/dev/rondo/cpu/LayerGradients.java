package dev.rondo.cpu;

/** The gradients of one layer and direction in a backward pass: room for one pass at a time. */
final class LayerGradients {
    private static final float[] NONE = new float[0];

    private final LayerShape shape;
    private final int maxSteps;
    private final int maxBatch;

    /** Gradient by the state {@code [N][Hp]}, the one after the step before a backward step, the one before it after it. */
    final float[] dh;

    /**
     * Gradient by the final state of rows shorter than the sequence: in their steps past the length products leave something
     * else than {@link #dh} if a weight is infinite.
     */
    final float[] dhLast;

    final float[] dc;
    final float[] dp;

    /** Gradient by x in the order of the steps {@code [T][N][xPadded]}; made when it is first needed. */
    private float[] dx = NONE;

    LayerGradients(LayerShape shape, int maxSteps, int maxBatch) {
        this.shape = shape;
        this.maxSteps = maxSteps;
        this.maxBatch = maxBatch;
        this.dh = Sizes.floats("gradients", 1, maxBatch, shape.padded);
        this.dhLast = Sizes.floats("gradients", 1, maxBatch, shape.padded);
        this.dc = Sizes.floats("gradients", 1, maxBatch, shape.padded);
        this.dp = shape.cell.parts.length > 1 ? Sizes.floats("gradients", 1, maxBatch, shape.padded) : NONE;
    }

    /** Room for the gradient by x. */
    float[] dx() {
        if (dx.length == 0) {
            dx = Sizes.floats("gradients by the input", maxSteps, maxBatch, shape.xPadded);
        }
        return dx;
    }
}
