package dev.rondo.cpu.reference;

import dev.rondo.Cell;
import java.util.Map;
import java.util.Objects;
import java.util.function.IntFunction;

/**
 * One step of one row of the batch: the equations of {@link Cell}. All arrays are those of the row; the letters are the
 * equations' (U, u: {@code weights.u}, {@code weights.bu}).
 */
interface ReferenceCell {
    /** The number of values, in units of H, that the backward step wants kept. */
    int saved();

    /**
     * The step forward.
     *
     * @param ax {@code W x + b} of all gates {@code [G*H]}, read
     * @param weights the weights, read
     * @param h hidden state before the step {@code [H]}, read
     * @param c cell state before the step {@code [H]}, read; unused without one
     * @param hNext hidden state after the step {@code [H]}, assigned
     * @param cNext cell state after the step {@code [H]}, assigned; unused without one
     * @param saved what backward needs {@code [saved()*H]}, assigned
     */
    void forward(double[] ax, Weights weights, double[] h, double[] c, double[] hNext, double[] cNext, double[] saved);

    /**
     * The step backward.
     *
     * @param saved what forward kept, read
     * @param weights the weights, read
     * @param h hidden state before the step, read
     * @param c cell state before the step, read; unused without one
     * @param dhNext gradient by the hidden state after the step, read
     * @param dcNext gradient by the cell state after the step, read; unused without one
     * @param dax gradient by {@code ax} {@code [G*H]}, assigned
     * @param dh gradient by the hidden state before the step, assigned
     * @param dc gradient by the cell state before the step, assigned; unused without one
     * @param gradients {@code u} and {@code bu} accumulated; {@code w} and {@code bw} are the caller's work
     */
    void backward(
            double[] saved,
            Weights weights,
            double[] h,
            double[] c,
            double[] dhNext,
            double[] dcNext,
            double[] dax,
            double[] dh,
            double[] dc,
            Weights gradients);

    /** Each cell with its class, made for a hidden size. */
    Map<Cell, IntFunction<ReferenceCell>> CELLS = Map.of(
            Cell.RNN_TANH, hidden -> new RnnCell(hidden, false),
            Cell.RNN_RELU, hidden -> new RnnCell(hidden, true),
            Cell.LSTM, LstmCell::new,
            Cell.GRU, GruCell::new,
            Cell.GRU_RESET_BEFORE, GruResetBeforeCell::new);

    /** The cell of a name, which is one of {@link #CELLS}. */
    static ReferenceCell of(Cell cell, int hiddenSize) {
        return Objects.requireNonNull(CELLS.get(cell)).apply(hiddenSize);
    }
}
