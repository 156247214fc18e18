package dev.rondo.cpu;

/**
 * The inner loops of the fast backend: one product, two activations, and for each cell what is left of a step once the
 * products are done. Two implementations: {@code VectorLoops} (Vector API) and {@link PlainLoops}.
 *
 * <p>Rows are padded: a row of H values takes {@code Hp} places, the next multiple of {@link #panel()}, and what is computed
 * in the padding is never looked at. All counts below are of padded rows, so there are no remainders.
 *
 * <p>Every element of a result is computed in one fixed order, whatever rows are computed beside it. So results do not
 * depend on how rows are shared among threads.
 */
interface InnerLoops {
    /**
     * States below this (2^-62, 2e-19) become 0: the square of a state, which the activations and their derivatives need, is
     * then no denormal number. Arithmetic with denormal numbers can take a hundred times as long, and Java cannot have them
     * taken for 0. NaN and infinities stay.
     */
    float TINY_STATE = 0x1p-62f;

    /**
     * Gradients by states below this (2^-80, 8e-25) count as 0, which is what they come to when they vanish over many steps:
     * the product of one with the derivative of a nearly saturated gate, 2^-24, and a weight of 2^-22 is then no denormal number.
     */
    float TINY_GRADIENT = 0x1p-80f;

    /** For people: what computes. */
    String description();

    /** The number of columns of a panel of a packed matrix; a power of two. */
    int panel();

    /**
     * A matrix of zeros, in the layout of these loops.
     *
     * @param memory where it is to lie, if in one array
     * @param depth number of rows
     * @param columns number of columns
     */
    PackedMatrix matrix(AlignedMemory memory, int depth, int columns);

    /**
     * {@code C += A B}, for some panels of columns of B.
     *
     * @param a A, row-major
     * @param aOffset first element of A
     * @param aRow distance of rows
     * @param rows number of rows of A and C
     * @param depth number of columns of A
     * @param b B
     * @param first first panel of B
     * @param panels number of panels
     * @param c C, row-major
     * @param cOffset where the first panel's columns are in the first row
     * @param cRow distance of rows
     */
    void product(
            float[] a,
            int aOffset,
            int aRow,
            int rows,
            int depth,
            PackedMatrix b,
            int first,
            int panels,
            float[] c,
            int cOffset,
            int cRow);

    /**
     * {@code c += a B} for one row, and of B the given panels of each block: the form of a batch of one, which is bound by
     * reading B.
     *
     * @param a the row
     * @param aOffset its first element
     * @param b B
     * @param first first panel of the first block
     * @param panels number of panels of each block
     * @param blocks number of blocks
     * @param blockPanels distance of blocks in panels
     * @param c the result
     * @param cOffset where the first panel's columns are
     */
    void rowProduct(
            float[] a,
            int aOffset,
            PackedMatrix b,
            int first,
            int panels,
            int blocks,
            int blockPanels,
            float[] c,
            int cOffset);

    /**
     * {@code C += A^T B}: the form of weight gradients, where the depth is time.
     *
     * @param a A
     * @param rows number of columns of A and rows of C; whole panels
     * @param depth number of rows of A and B. If it is odd, there must be one more in A and in B, of zeros
     * @param b B
     * @param first first panel of B
     * @param panels number of panels of B
     * @param c C, row-major
     * @param cOffset where the first panel's columns are in the first row
     * @param cRow distance of rows
     */
    void transposedProduct(
            PackedMatrix a,
            int rows,
            int depth,
            PackedMatrix b,
            int first,
            int panels,
            float[] c,
            int cOffset,
            int cRow);

    /** {@code target += source} for n elements. */
    void add(float[] target, int targetOffset, float[] source, int offset, int n);

    /** {@code a = s(a)} for n elements: within 2e-7 of the logistic sigmoid, 0 and 1 at infinity; NaN for NaN. */
    void sigmoid(float[] a, int offset, int n);

    /**
     * {@code a = tanh(a)} for n elements: within 3.5e-7 of tanh, never beyond +-1, and +-1 at infinity; NaN for NaN, 0 for less than
     * {@link #TINY_STATE}.
     */
    void tanh(float[] a, int offset, int n);

    /** {@code c' = f * c + i * g; h' = o * tanh(c')}, with {@code tanh(c')} kept; gates {@code [i f o g]} at the distance {@code gate}. */
    void lstmForward(
            float[] gates,
            int offset,
            int gate,
            float[] c,
            int cOffset,
            float[] cNext,
            float[] hNext,
            int nextOffset,
            float[] tanhC,
            int n);

    /**
     * From {@code dh'} and {@code dc'} the gradients by the pre-activations, in place of the gates, and {@code dc} in place
     * of {@code dc'}; gates {@code [i f o g]} at the distance {@code gate}. {@code tanh(c')} comes from the forward pass: computed here
     * it would make the body too large for the JIT compiler to keep vectors in registers.
     */
    void lstmBackward(
            float[] gates,
            int offset,
            int gate,
            float[] c,
            float[] tanhC,
            int cOffset,
            float[] dh,
            float[] dc,
            int dOffset,
            int n);

    /** {@code n = tanh(a_n + r * q)}, kept in place of {@code a_n}; {@code h' = (1 - z) * n + z * h}; row {@code [n r z q]}. */
    void gruForward(float[] row, int offset, int gate, float[] h, int hOffset, float[] hNext, int hNextOffset, int n);

    /**
     * From {@code dh'} the gradients {@code [da_n da_r da_z dq]} in place of {@code [n r z q]}, and {@code dh' * z} in place
     * of {@code dh'}.
     */
    void gruBackward(float[] row, int offset, int gate, float[] h, int hOffset, float[] dh, int dOffset, int n);

    /** {@code p = a * b} for n elements. */
    void multiply(float[] p, int pOffset, float[] a, int aOffset, float[] b, int bOffset, int n);

    /** {@code h' = (1 - z) * n + z * h}; row {@code [r z n]} with the activations. */
    void gruResetBeforeForward(
            float[] row, int offset, int gate, float[] h, int hOffset, float[] hNext, int hNextOffset, int n);

    /** From {@code dh'} the gradients {@code da_z}, {@code da_n} in place of z, n, and {@code dh' * z} in place of {@code dh'}. */
    void gruResetBeforeBackward(
            float[] row, int offset, int gate, float[] h, int hOffset, float[] dh, int dOffset, int n);

    /** From {@code dp} the gradient {@code da_r = dp * h * r * (1 - r)} in place of r, and {@code dh += dp * r}. */
    void gruResetBeforeBackwardReset(
            float[] row, int offset, float[] h, int hOffset, float[] dp, float[] dh, int dOffset, int n);

    /** {@code da = dh' * (1 - h'^2)}. */
    void rnnTanhBackward(float[] hNext, int hOffset, float[] dh, int dOffset, float[] da, int aOffset, int n);
}
