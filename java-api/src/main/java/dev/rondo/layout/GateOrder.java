package dev.rondo.layout;

import dev.rondo.Cell;
import dev.rondo.internal.Arguments;
import java.util.Arrays;

/**
 * In which order the blocks of rows stand in the weights and biases of another library, one block of H rows for each gate. The
 * gates have the letters of Rondo's {@link Cell}: i, f, g, o of LSTM; r, z, n of GRU; h of the plain network, whose only block that
 * is. Immutable.
 *
 * <p>For GRU also what the update gate says: {@code h' = z * h + (1 - z) * n} in Rondo, as in Cho et al. (2014) and in every layout
 * of {@link ForeignLayout}; with {@link #withUpdateOfCandidate} {@code h' = (1 - z) * h + z * n}, as in Chung et al.
 * (arXiv:1412.3555). Since {@code sigmoid(-a) = 1 - sigmoid(a)}, the rows of z then change their sign.
 */
public final class GateOrder {
    private static final String LSTM = "ifgo";
    private static final String GRU = "rzn";
    private static final String PLAIN = "h";

    private final Cell cell;
    private final String foreign;
    /** Place k: the foreign block that holds Rondo's gate k. */
    private final int[] blocks;

    private final boolean negatesUpdate;

    private GateOrder(Cell cell, String foreign, boolean negatesUpdate) {
        this.cell = cell;
        this.foreign = foreign;
        this.negatesUpdate = negatesUpdate;
        String gates = gates(cell);
        this.blocks = new int[gates.length()];
        for (int k = 0; k < blocks.length; k++) {
            blocks[k] = foreign.indexOf(gates.charAt(k));
        }
    }

    /**
     * An order by its letters.
     *
     * @param cell the cell
     * @param letters the gates of the cell, each once, in the foreign order, such as {@code iofg}
     * @return the order
     * @throws IllegalArgumentException if the letters are not those of the cell
     */
    public static GateOrder of(Cell cell, String letters) {
        Arguments.notNull("cell", cell);
        Arguments.notNull("letters", letters);
        String gates = gates(cell);
        if (!Arrays.equals(
                letters.chars().sorted().toArray(), gates.chars().sorted().toArray())) {
            throw new IllegalArgumentException(
                    "letters: expected those of \"" + gates + "\" in some order, got \"" + letters + "\"");
        }
        return new GateOrder(cell, letters, false);
    }

    /**
     * Rondo's own order of a cell.
     *
     * @param cell the cell
     * @return its gates, in the order of {@link Cell}
     */
    static String gates(Cell cell) {
        return switch (cell) {
            case LSTM -> LSTM;
            case GRU, GRU_RESET_BEFORE -> GRU;
            case RNN_TANH, RNN_RELU -> PLAIN;
            default -> throw new IllegalArgumentException("cell: expected one with a foreign layout, got " + cell);
        };
    }

    /**
     * The same order where the update gate says how much of the candidate is taken, not how much of the old state is kept.
     *
     * @return a new order
     * @throws IllegalStateException if the cell has no update gate
     */
    public GateOrder withUpdateOfCandidate() {
        if (foreign.indexOf('z') < 0) {
            throw new IllegalStateException("update gate: expected a cell with one, got " + cell);
        }
        return new GateOrder(cell, foreign, true);
    }

    /**
     * The cell.
     *
     * @return whose gates these are
     */
    public Cell cell() {
        return cell;
    }

    /**
     * The letters in the foreign order.
     *
     * @return such as {@code iofg}
     */
    public String letters() {
        return foreign;
    }

    /**
     * Where a gate is.
     *
     * @param gate index of the gate in the order of {@link Cell}
     * @return index of its block in the foreign order
     */
    public int block(int gate) {
        return blocks[Arguments.inRange("gate", gate, 0, blocks.length - 1)];
    }

    /**
     * Brings the blocks of a matrix or of a bias into Rondo's order.
     *
     * @param source an array that holds them, row-major
     * @param start where they begin in it
     * @param length how many elements they have together
     * @return a new array of that length
     * @throws IllegalArgumentException if the length is no multiple of the number of gates, or the array is too short
     */
    public double[] toRondo(double[] source, int start, int length) {
        int block = blockLength(source, start, length);
        double[] rondo = new double[length];
        for (int gate = 0; gate < blocks.length; gate++) {
            copy(source, start + blocks[gate] * block, rondo, gate * block, block, sign(gate));
        }
        return rondo;
    }

    /**
     * Brings the blocks of a matrix or of a bias into the foreign order.
     *
     * @param rondo the blocks in Rondo's order
     * @param target receives them
     * @param start where they begin in it
     * @throws IllegalArgumentException if the length is no multiple of the number of gates, or the target is too short
     */
    public void toForeign(double[] rondo, double[] target, int start) {
        int block = blockLength(target, start, rondo.length);
        for (int gate = 0; gate < blocks.length; gate++) {
            copy(rondo, gate * block, target, start + blocks[gate] * block, block, sign(gate));
        }
    }

    private int sign(int gate) {
        return negatesUpdate && gates(cell).charAt(gate) == 'z' ? -1 : 1;
    }

    private static void copy(double[] from, int start, double[] to, int begin, int count, int sign) {
        for (int k = 0; k < count; k++) {
            to[begin + k] = sign * from[start + k];
        }
    }

    private int blockLength(double[] array, int start, int length) {
        Arguments.inRange("start", start, 0, array.length);
        Arguments.inRange("length", length, 0, array.length - start);
        if (length % blocks.length != 0) {
            throw new IllegalArgumentException(
                    "length: expected a multiple of " + blocks.length + " gates, got " + length);
        }
        return length / blocks.length;
    }

    /**
     * The one bias of a library that has one for each gate, from Rondo's two: their sum.
     *
     * @param biasInput {@code bias_ih}, in Rondo's order
     * @param biasRecurrent {@code bias_hh}, in Rondo's order
     * @return the sum, in Rondo's order
     * @throws IllegalArgumentException if there is no such bias: the candidate of {@link Cell#GRU} has its recurrent bias inside
     *     the product with the reset gate, where only zero can be left out
     */
    public double[] singleBias(double[] biasInput, double[] biasRecurrent) {
        if (biasInput.length != biasRecurrent.length || biasInput.length % blocks.length != 0) {
            throw new IllegalArgumentException("biasRecurrent: expected the length of biasInput, " + biasInput.length
                    + ", a multiple of " + blocks.length + ", got " + biasRecurrent.length);
        }
        int block = biasInput.length / blocks.length;
        double[] sum = new double[biasInput.length];
        for (int k = 0; k < sum.length; k++) {
            if (cell == Cell.GRU && gates(cell).charAt(k / block) == 'n' && biasRecurrent[k] != 0) {
                throw new IllegalArgumentException("biasRecurrent[" + k + "]: expected 0 in the candidate of " + cell
                        + ", which one bias cannot hold, got " + biasRecurrent[k]);
            }
            sum[k] = biasInput[k] + biasRecurrent[k];
        }
        return sum;
    }

    @Override
    public boolean equals(Object other) {
        return other instanceof GateOrder order
                && cell == order.cell
                && foreign.equals(order.foreign)
                && negatesUpdate == order.negatesUpdate;
    }

    @Override
    public int hashCode() {
        return 31 * cell.hashCode() + foreign.hashCode() + (negatesUpdate ? 1 : 0);
    }

    @Override
    public String toString() {
        return cell + " " + (negatesUpdate ? foreign.replace("z", "-z") : foreign);
    }
}
