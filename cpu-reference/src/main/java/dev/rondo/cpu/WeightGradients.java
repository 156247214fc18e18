package dev.rondo.cpu;

import java.util.Arrays;

/**
 * The gradients of the weights of one layer and direction, as products over all steps and rows once the time loop is done:
 * {@code dW = da^T x}, {@code dU = da^T h}, and sums for the biases. The work is cut into blocks of gate rows; each is
 * computed by one thread, in the order of the steps, whichever thread that is.
 */
final class WeightGradients {
    /** Gate rows of one piece of work. */
    private static final int ROWS = 256;

    /** Steps and rows of the batch that are multiplied at a time. */
    private static final int DEPTH = 128;

    /**
     * So many rows are summed on their own, then added to the sums of others: a sum of very many terms in one float32 would lose
     * the last of them.
     */
    private static final int SUMMED = 4 * DEPTH;

    private static final float[] NONE = new float[0];

    private LayerPass pass;
    private LayerBuffers b;

    /** {@code dW [inputRow][xPadded]}, or for one-hot input {@code [I][row]}. */
    private float[] dw = new float[0];

    /** For one-hot input, what {@link #SUMMED} rows at a time came to; empty for so few rows or dense input. */
    private float[] dwMoved = NONE;

    /** {@code dU [row][Hp]}. */
    private float[] du = new float[0];

    /** Sums of da, in internal rows: as b's gradient where x goes in, as u's where the state goes in. */
    private final float[] dbw;

    private final float[] dbu;

    WeightGradients(LayerPass pass) {
        this.pass = pass;
        this.b = pass.b;
        this.dbw = new float[b.row];
        this.dbu = new float[b.row];
    }

    /** Scratch of one thread. */
    static final class Scratch {
        private final InnerLoops loops;
        private final PackedMatrix da;
        private PackedMatrix x;

        /** Sums of {@link #SUMMED} rows, and of da. */
        private float[] products = new float[0];

        private final float[] sums = new float[ROWS];

        /** How often each column of one-hot input came since its sum was moved. */
        private int[] counts = new int[0];

        Scratch(InnerLoops loops) {
            this.loops = loops;
            AlignedMemory memory = new AlignedMemory("packed gradients");
            da = loops.matrix(memory, DEPTH, ROWS);
            memory.allocate();
            x = da;
        }

        private void reserve(int columns) {
            if (x == da || x.columns < columns) {
                AlignedMemory memory = new AlignedMemory("packed inputs");
                x = loops.matrix(memory, DEPTH, columns);
                memory.allocate();
            }
        }

        /** Zeros; whoever writes there leaves zeros. */
        private float[] products(int size) {
            if (products.length < size) {
                products = Sizes.floats("sums of gradients", 1, 1, size);
            }
            return products;
        }

        private int[] counts(int columns) {
            if (counts.length < columns) {
                counts = new int[columns];
            }
            Arrays.fill(counts, 0, columns, 0);
            return counts;
        }
    }

    /** Takes the pass whose gradients are to be computed, and makes room for them. */
    void prepare(LayerPass open) {
        pass = open;
        b = open.b;
        if (du.length == 0) {
            du = Sizes.floats("recurrent weight gradients", 1, b.row, b.padded);
        }
        int rows = pass.oneHot ? b.segment : b.inputRow;
        int columns = pass.oneHot ? b.row : b.xPadded;
        if (dw.length != (long) rows * columns) {
            dw = Sizes.floats("input weight gradients", 1, rows, columns);
        }
        boolean many = pass.oneHot && b.rows.length / b.row >= SUMMED;
        if (many && dwMoved.length != dw.length) {
            dwMoved = Sizes.floats("sums of gradients", 1, rows, columns);
        } else if (!many) {
            dwMoved = NONE;
        }
    }

    /** The number of pieces of work. */
    int pieces() {
        return inputPieces() + recurrentPieces();
    }

    private int inputPieces() {
        return (b.inputRow + ROWS - 1) / ROWS;
    }

    private int recurrentPieces() {
        int pieces = 0;
        for (CpuCell.Part part : b.cell.parts) {
            pieces += (part.blocks() * b.padded + ROWS - 1) / ROWS;
        }
        return pieces;
    }

    /** One piece of work. */
    void compute(int piece, int steps, Scratch scratch) {
        if (piece < inputPieces()) {
            int first = piece * ROWS;
            int rows = Math.min(ROWS, b.inputRow - first);
            if (pass.oneHot) {
                gatherColumns(first, rows, steps, scratch);
            } else {
                product(
                        first,
                        rows,
                        steps,
                        pass.x,
                        pass.xOffset,
                        b.xRow,
                        dw,
                        first * b.xPadded,
                        b.xPadded,
                        dbw,
                        scratch);
            }
            return;
        }
        int left = piece - inputPieces();
        for (CpuCell.Part part : b.cell.parts) {
            int all = part.blocks() * b.padded;
            int count = (all + ROWS - 1) / ROWS;
            if (left < count) {
                int first = part.start() * b.padded + left * ROWS;
                int rows = Math.min(ROWS, all - left * ROWS);
                float[] state = part.fromP() ? b.p : b.h;
                product(first, rows, steps, state, 0, b.padded, du, first * b.padded, b.padded, dbu, scratch);
                return;
            }
            left -= count;
        }
    }

    /** {@code C = da^T X} for so many internal columns of da, and their sums. */
    private void product(
            int first,
            int rows,
            int steps,
            float[] x,
            int xOffset,
            int xRow,
            float[] c,
            int cOffset,
            int cRow,
            float[] sums,
            Scratch scratch) {
        scratch.reserve(xRow);
        PackedMatrix da = scratch.da;
        PackedMatrix packed = scratch.x;
        int panels = PackedMatrix.padded(xRow, b.panel) / b.panel;
        Arrays.fill(c, cOffset, cOffset + rows * cRow, 0);
        Arrays.fill(sums, first, first + rows, 0);
        Arrays.fill(scratch.sums, 0, rows, 0);
        int all = steps * b.batch;
        boolean apart = all > SUMMED;
        float[] products = apart ? scratch.products(rows * cRow) : c;
        int productsOffset = apart ? 0 : cOffset;
        for (int from = 0; from < all; from += DEPTH) {
            int depth = Math.min(DEPTH, all - from);
            int source = from * b.row + first;
            da.pack(b.rows, source, b.row, depth, rows, 0, 0);
            packed.pack(x, xOffset + from * xRow, xRow, depth, xRow, 0, 0);
            clearPastLengths(packed, from, depth, xRow);
            if ((depth & 1) == 1) {
                da.clear(depth, rows);
                packed.clear(depth, xRow);
            }
            for (int m = 0; m < depth; m++) {
                b.loops.add(scratch.sums, 0, b.rows, source + m * b.row, rows);
            }
            b.loops.transposedProduct(da, rows, depth, packed, 0, panels, products, productsOffset, cRow);
            if ((from + depth) % SUMMED == 0 || from + depth == all) {
                move(scratch.sums, 0, sums, first, rows);
                if (apart) {
                    move(products, 0, c, cOffset, rows * cRow);
                }
            }
        }
    }

    /** Adds sums to others and begins them anew. */
    private void move(float[] from, int offset, float[] to, int toOffset, int count) {
        b.loops.add(to, toOffset, from, offset, count);
        Arrays.fill(from, offset, offset + count, 0);
    }

    /** Zeroes rows of the right operand past the lengths: the zeros of da there would make NaN of an infinite state. */
    private void clearPastLengths(PackedMatrix packed, int from, int depth, int width) {
        for (int m = 0; m < depth; m++) {
            if ((from + m) / b.batch >= b.lengths[(from + m) % b.batch]) {
                packed.clear(m, width);
            }
        }
    }

    private void gatherColumns(int first, int rows, int steps, Scratch scratch) {
        int[] counts = scratch.counts(b.segment);
        for (int i = 0; i < b.segment; i++) {
            Arrays.fill(dw, i * b.row + first, i * b.row + first + rows, 0);
            if (dwMoved.length > 0) {
                Arrays.fill(dwMoved, i * b.row + first, i * b.row + first + rows, 0);
            }
        }
        Arrays.fill(dbw, first, first + rows, 0);
        Arrays.fill(scratch.sums, 0, rows, 0);
        int all = steps * b.batch;
        for (int m = 0; m < all; m++) {
            int index = pass.index(m / b.batch, m % b.batch);
            if (index >= 0) {
                int from = m * b.row + first;
                int to = index * b.row + first;
                b.loops.add(dw, to, b.rows, from, rows);
                b.loops.add(scratch.sums, 0, b.rows, from, rows);
                counts[index]++;
                if (counts[index] == SUMMED) {
                    move(dw, to, dwMoved, to, rows);
                    counts[index] = 0;
                }
            }
            if ((m + 1) % SUMMED == 0 || m + 1 == all) {
                move(scratch.sums, 0, dbw, first, rows);
            }
        }
        for (int i = 0; dwMoved.length > 0 && i < b.segment; i++) {
            b.loops.add(dw, i * b.row + first, dwMoved, i * b.row + first, rows);
        }
    }

    /** Adds the gradients of one gate to the caller's; bias offsets of -1 mean that there are none. */
    void addTo(float[] gradients, int wOffset, int uOffset, int bwOffset, int buOffset, int gate) {
        int input = b.cell.inputBlock(gate) * b.padded;
        int recurrent = b.cell.recurrentBlock(gate) * b.padded;
        int columns = b.segments * b.segment;
        for (int j = 0; j < b.hidden; j++) {
            int w = wOffset + (gate * b.hidden + j) * columns;
            if (pass.oneHot) {
                for (int i = 0; i < columns; i++) {
                    gradients[w + i] += dw[i * b.row + input + j];
                }
            } else {
                for (int segment = 0; segment < b.segments; segment++) {
                    int from = (input + j) * b.xPadded + segment * b.segmentPadded;
                    add(gradients, w + segment * b.segment, dw, from, b.segment);
                }
            }
            add(gradients, uOffset + (gate * b.hidden + j) * b.hidden, du, (recurrent + j) * b.padded, b.hidden);
        }
        if (bwOffset >= 0) {
            add(gradients, bwOffset + gate * b.hidden, dbw, input, b.hidden);
            add(gradients, buOffset + gate * b.hidden, dbu, recurrent, b.hidden);
        }
    }

    private static void add(float[] target, int to, float[] source, int from, int count) {
        for (int i = 0; i < count; i++) {
            target[to + i] += source[from + i];
        }
    }
}
