package dev.rondo.cuda;

import dev.rondo.cuda.ClusterKernels.Tile;
import java.util.List;
import java.util.Optional;

/** {@link dev.rondo.Cell#LSTM}: blocks i, f, g, o. */
final class LstmCell extends CudaCell {
    private static final ClusterKernels CLUSTER_FORWARD = ClusterKernels.forward(
            4,
            true,
            2,
            3,
            Kernel.LSTM_FORWARD_CLUSTER_1,
            Kernel.LSTM_FORWARD_CLUSTER_2,
            Kernel.LSTM_FORWARD_CLUSTER_4,
            Kernel.LSTM_FORWARD_CLUSTER_8,
            Kernel.LSTM_FORWARD_CLUSTER_16);
    private static final ClusterKernels CLUSTER_BACKWARD = new ClusterKernels(
            4,
            true,
            new Tile(2, 4, 3, 8),
            new Tile(2, 4, 3, 4),
            new Tile(2, 4, 2, 4),
            List.of(
                    Kernel.LSTM_BACKWARD_CLUSTER_1,
                    Kernel.LSTM_BACKWARD_CLUSTER_2,
                    Kernel.LSTM_BACKWARD_CLUSTER_4,
                    Kernel.LSTM_BACKWARD_CLUSTER_8,
                    Kernel.LSTM_BACKWARD_CLUSTER_16));
    private static final GridKernels GRID_FORWARD = new GridKernels(
            4,
            true,
            8,
            Kernel.PERSISTENT_GRID_LSTM_FORWARD_ROW,
            Kernel.PERSISTENT_GRID_LSTM_FORWARD_ROWS4,
            Kernel.PERSISTENT_GRID_LSTM_FORWARD_ROWS8,
            Kernel.PERSISTENT_GRID_LSTM_FORWARD_UNALIGNED);
    private static final GridKernels GRID_BACKWARD = new GridKernels(
            4,
            true,
            8,
            Kernel.PERSISTENT_GRID_LSTM_BACKWARD_ROW,
            Kernel.PERSISTENT_GRID_LSTM_BACKWARD_ROWS4,
            Kernel.PERSISTENT_GRID_LSTM_BACKWARD_ROWS8,
            null);

    LstmCell() {
        super(4, List.of(new Group(0, 4, 0)), List.of(new Group(0, 4, 0)));
    }

    @Override
    Optional<ClusterKernels> cluster(boolean forward) {
        return Optional.of(forward ? CLUSTER_FORWARD : CLUSTER_BACKWARD);
    }

    @Override
    Optional<GridKernels> grid(boolean forward) {
        return Optional.of(forward ? GRID_FORWARD : GRID_BACKWARD);
    }

    @Override
    void forward(LayerPass pass, int s) {
        pass.addRecurrent(s, recurrent().get(0), pass.h(s));
        pass.launch(Kernel.LSTM_FORWARD)
                .pointer(pass.gates(s))
                .pointer(pass.c(s))
                .pointer(pass.h(s))
                .pointer(pass.c(s + 1))
                .pointer(pass.h(s + 1))
                .pointer(pass.lengths())
                .integer(s)
                .integer(pass.batch())
                .integer(pass.hidden())
                .linear(pass.units());
    }

    @Override
    void backward(LayerPass pass, int s) {
        pass.launch(Kernel.LSTM_BACKWARD)
                .pointer(pass.gates(s))
                .pointer(pass.c(s))
                .pointer(pass.c(s + 1))
                .pointer(pass.dh())
                .pointer(pass.dc());
        pass.outputGradient(s).linear(pass.units());
        pass.addRecurrentGradient(s, recurrent().get(0), pass.dh(), true);
    }
}
