package dev.rondo.cuda;

import dev.rondo.Cell;
import java.util.List;

/**
 * One step of a cell, as the launches of its kernels. How the gates of the weights lie in a row of gates is part of it: a row
 * has blocks of H, one for each pre-activation that is kept.
 */
abstract class CudaCell {
    /**
     * Gates of a weight matrix that lie side by side in a row of gates, too.
     *
     * @param gate the first one
     * @param count how many
     * @param block the block of the first one
     */
    record Group(int gate, int count, int block) {}

    private final int blocks;
    private final List<Group> input;
    private final List<Group> recurrent;

    /**
     * A cell.
     *
     * @param blocks of a row of gates
     * @param input the gates of W
     * @param recurrent the gates of U; a second group is multiplied by what the cell saves in {@link LayerPass#p}
     */
    CudaCell(int blocks, List<Group> input, List<Group> recurrent) {
        this.blocks = blocks;
        this.input = input;
        this.recurrent = recurrent;
    }

    static CudaCell of(Cell cell) {
        return switch (cell) {
            case RNN_TANH -> new RnnCell(Kernel.RNN_TANH_FORWARD, Kernel.RNN_TANH_BACKWARD);
            case RNN_RELU -> new RnnCell(Kernel.RNN_RELU_FORWARD, Kernel.RNN_RELU_BACKWARD);
            case LSTM -> new LstmCell();
            case GRU -> new GruCell();
            case GRU_RESET_BEFORE -> new GruResetBeforeCell();
        };
    }

    /** The number of blocks of a row of gates. */
    final int blocks() {
        return blocks;
    }

    /** The gates of W. */
    final List<Group> input() {
        return input;
    }

    /** The gates of U. */
    final List<Group> recurrent() {
        return recurrent;
    }

    /** What the rows of gates start with: the biases. */
    void fillBiases(LayerPass pass) {
        pass.fillBias(0, blocks, pass.inputBias(0), pass.recurrentBias(0));
    }

    /** Step s of all rows; the gates hold {@code W x + b}. */
    abstract void forward(LayerPass pass, int s);

    /** Step s of all rows, backwards; the gates hold what forward left. */
    abstract void backward(LayerPass pass, int s);
}
