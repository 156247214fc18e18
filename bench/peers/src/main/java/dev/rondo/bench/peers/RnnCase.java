package dev.rondo.bench.peers;

import dev.rondo.Cell;
import dev.rondo.Mode;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * What every engine computes: one recurrent layer over a whole sequence, forward, from a state of zero.
 *
 * @param cell {@link Cell#LSTM} or {@link Cell#GRU}
 * @param mode the forward pass of inference, or forward and backward of training
 * @param shape sizes of the layer and its input
 * @param threads CPU threads that compute
 */
record RnnCase(Cell cell, Mode mode, Shape shape, int threads) {
    /**
     * Sizes.
     *
     * @param batch N
     * @param steps T
     * @param inputs I
     * @param hidden H
     */
    record Shape(int batch, int steps, int inputs, int hidden) {
        private static final Pattern TEXT = Pattern.compile("(\\d{1,6})x(\\d{1,6})x(\\d{1,6})x(\\d{1,6})");

        /** Reads the form {@code NxTxIxH}. */
        static Shape parse(String text) {
            Matcher matcher = TEXT.matcher(text);
            if (!matcher.matches()) {
                throw new IllegalArgumentException("shape: expected NxTxIxH such as 32x35x28x256, got " + text);
            }
            Shape shape = new Shape(
                    Integer.parseInt(matcher.group(1)),
                    Integer.parseInt(matcher.group(2)),
                    Integer.parseInt(matcher.group(3)),
                    Integer.parseInt(matcher.group(4)));
            if (Math.min(Math.min(shape.batch, shape.steps), Math.min(shape.inputs, shape.hidden)) < 1) {
                throw new IllegalArgumentException("shape: expected sizes of at least 1, got " + text);
            }
            return shape;
        }

        @Override
        public String toString() {
            return batch + "x" + steps + "x" + inputs + "x" + hidden;
        }
    }

    /** Reads what {@link #toString} wrote. */
    static RnnCase parse(String text) {
        String[] parts = text.split(":");
        return new RnnCase(
                Cell.valueOf(parts[0]), Mode.valueOf(parts[1]), Shape.parse(parts[2]), Integer.parseInt(parts[3]));
    }

    boolean training() {
        return mode == Mode.TRAINING;
    }

    /** Rows of a weight matrix, {@code G*H}. */
    int gateRows() {
        return cell.gates() * shape.hidden();
    }

    /** What does not depend on the number of threads, as the name of a file. */
    String fileName() {
        return (cell + "-" + mode + "-" + shape).toLowerCase(Locale.ROOT);
    }

    @Override
    public String toString() {
        return cell + ":" + mode + ":" + shape + ":" + threads;
    }
}
