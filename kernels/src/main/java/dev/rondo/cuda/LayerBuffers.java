package dev.rondo.cuda;

import org.jspecify.annotations.Nullable;

/**
 * The memory of one layer and direction for one pass. All that is kept lies in the order of the steps: {@code h(s)} are the
 * states before step s. Gates and cell states are kept for a window of the steps: in training for all, in inference for a few,
 * and there one of these serves all layers and directions, one after the other.
 */
final class LayerBuffers {
    /** Gates {@code [window,N,blocks*H]}: pre-activations, then activations, then their gradients. */
    final DeviceMemory.Buffer gates;

    /** States {@code [T+1,N,H]}. */
    final DeviceMemory.Buffer h;

    /** Cell states {@code [window+1,N,H]}; null for a cell without them. */
    final DeviceMemory.@Nullable Buffer c;

    /** What the second group of U multiplies {@code [window,N,H]}; null for a cell without one. */
    final DeviceMemory.@Nullable Buffer p;

    private final CudaRnn rnn;
    private final int inputs;
    private final long windowRows;
    private DeviceMemory.@Nullable Buffer ordered;

    /**
     * Memory for passes of a network.
     *
     * @param inputs the widest input of the layers that this serves
     * @param windowRows rows of all steps of the largest window
     */
    LayerBuffers(CudaRnn rnn, int inputs, long windowRows) {
        this.rnn = rnn;
        this.inputs = inputs;
        this.windowRows = windowRows;
        CudaCell cell = rnn.cell();
        long hidden = rnn.spec().hiddenSize();
        gates = rnn.allocate(windowRows * cell.blocks() * hidden, "gates");
        h = rnn.allocate((rnn.maxRows() + rnn.maxBatch()) * hidden, "states");
        c = rnn.spec().cellStateSize() > 0 ? rnn.allocate((windowRows + rnn.maxBatch()) * hidden, "cell states") : null;
        p = cell.recurrent().size() > 1 ? rnn.allocate(windowRows * hidden, "reset states") : null;
    }

    /** The steps of a window for so many rows of the batch. */
    int window(int steps, int batch) {
        return (int) Math.min(steps, windowRows / batch);
    }

    /** Makes room for the input in the order of the steps, once. */
    void reserveOrdered() {
        if (ordered == null) {
            ordered = rnn.allocate(rnn.maxRows() * inputs, "inputs in the order of the steps");
        }
    }

    /** The input in the order of the steps {@code [T,N,I]}, or its indices {@code [T,N]}; 0 if there is no room for it. */
    long ordered() {
        return ordered == null ? 0 : ordered.address();
    }
}
