package dev.rondo.cuda;

import dev.rondo.RnnSpec;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The scratch of backward passes: one for a network, since one backward pass at a time is queued. Inference has none. */
final class GradientBuffers {
    private final CudaRnn rnn;
    private final DeviceMemory.Buffer dh;
    private final DeviceMemory.@Nullable Buffer dc;
    private final DeviceMemory.@Nullable Buffer dp;
    private final DeviceMemory.Buffer dSteps;
    private final DeviceMemory.Buffer sums;
    /** Two in turn. */
    private final List<DeviceMemory.Buffer> dOutputs = new ArrayList<>();

    private DeviceMemory.@Nullable Buffer workspace;

    GradientBuffers(CudaRnn rnn, long sumElements) {
        this.rnn = rnn;
        RnnSpec spec = rnn.spec();
        long states = (long) rnn.maxBatch() * spec.hiddenSize();
        dh = rnn.allocate(states, "gradients of states");
        dc = spec.cellStateSize() > 0 ? rnn.allocate(states, "gradients of cell states") : null;
        dp = rnn.cell().recurrent().size() > 1 ? rnn.allocate(states, "gradients of reset states") : null;
        dSteps = rnn.allocate(rnn.maxRows() * Math.max(spec.inputSize(), spec.outputSize()), "input gradients");
        sums = rnn.allocate(Math.max(1, sumElements), "sums of weight gradients");
        for (int i = 0; i < Math.min(2, spec.layers() - 1); i++) {
            dOutputs.add(rnn.allocate(rnn.maxRows() * spec.outputSize(), "gradients between layers"));
        }
    }

    /** The gradient by the state {@code [N,H]}. */
    long dh() {
        return dh.address();
    }

    /** The gradient by the cell state {@code [N,H]}; 0 for a cell without one. */
    long dc() {
        return dc == null ? 0 : dc.address();
    }

    /** The gradient by what the second group of U multiplies {@code [N,H]}; 0 for a cell without one. */
    long dp() {
        return dp == null ? 0 : dp.address();
    }

    /** Gradients in the order of the steps {@code [T,N,max(I,D*H)]}. */
    long dSteps() {
        return dSteps.address();
    }

    /** Room for partial sums of the gradients of weights. */
    long sums() {
        return sums.address();
    }

    /** The gradient by the input of a layer above the first {@code [T,N,D*H]}. */
    long dInput(int layer) {
        return dOutputs.get(layer % dOutputs.size()).address();
    }

    /** Makes the memory for the blocks of a recurrence to hand values to each other, once. */
    void reserveWorkspace(GridKernels kernels) {
        if (workspace == null) {
            workspace = rnn.allocate(
                    GridRecurrence.workspaceElements(kernels, rnn.spec().hiddenSize(), rnn.maxSteps(), rnn.maxBatch()),
                    "workspace");
        }
    }

    /** That memory; 0 if no recurrence needs it. */
    long workspace() {
        return workspace == null ? 0 : workspace.address();
    }
}
