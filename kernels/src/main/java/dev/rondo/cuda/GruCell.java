package dev.rondo.cuda;

import dev.rondo.cuda.ClusterKernels.Tile;
import java.util.List;
import java.util.Optional;

/** {@link dev.rondo.Cell#GRU}: blocks r, z, q, n, with {@code q = U_n h + u_n}, which the reset gate multiplies. */
final class GruCell extends CudaCell {
    private static final ClusterKernels CLUSTER_FORWARD = ClusterKernels.forward(
            3,
            false,
            2,
            4,
            Kernel.GRU_FORWARD_CLUSTER_1,
            Kernel.GRU_FORWARD_CLUSTER_2,
            Kernel.GRU_FORWARD_CLUSTER_4,
            Kernel.GRU_FORWARD_CLUSTER_8,
            Kernel.GRU_FORWARD_CLUSTER_16);
    private static final ClusterKernels CLUSTER_BACKWARD = new ClusterKernels(
            3,
            false,
            new Tile(2, 4, 3, 8),
            new Tile(2, 4, 3, 4),
            new Tile(2, 4, 3, 4),
            List.of(
                    Kernel.GRU_BACKWARD_CLUSTER_1,
                    Kernel.GRU_BACKWARD_CLUSTER_2,
                    Kernel.GRU_BACKWARD_CLUSTER_4,
                    Kernel.GRU_BACKWARD_CLUSTER_8,
                    Kernel.GRU_BACKWARD_CLUSTER_16));
    private static final GridKernels GRID_FORWARD = new GridKernels(
            3,
            false,
            6,
            Kernel.PERSISTENT_GRID_GRU_FORWARD_ROW,
            Kernel.PERSISTENT_GRID_GRU_FORWARD_ROWS4,
            Kernel.PERSISTENT_GRID_GRU_FORWARD_ROWS8,
            Kernel.PERSISTENT_GRID_GRU_FORWARD_UNALIGNED);
    private static final GridKernels GRID_BACKWARD = new GridKernels(
            3,
            false,
            8,
            Kernel.PERSISTENT_GRID_GRU_BACKWARD_ROW,
            Kernel.PERSISTENT_GRID_GRU_BACKWARD_ROWS4,
            Kernel.PERSISTENT_GRID_GRU_BACKWARD_ROWS8,
            Kernel.PERSISTENT_GRID_GRU_BACKWARD_UNALIGNED);

    GruCell() {
        super(4, List.of(new Group(0, 2, 0), new Group(2, 1, 3)), List.of(new Group(0, 3, 0)));
    }

    @Override
    void fillBiases(LayerPass pass) {
        pass.fillBias(0, 2, pass.inputBias(0), pass.recurrentBias(0));
        pass.fillBias(2, 1, 0, pass.recurrentBias(2));
        pass.fillBias(3, 1, pass.inputBias(2), 0);
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
        pass.launch(Kernel.GRU_FORWARD)
                .pointer(pass.gates(s))
                .pointer(pass.h(s))
                .pointer(pass.h(s + 1))
                .pointer(pass.lengths())
                .integer(s)
                .integer(pass.batch())
                .integer(pass.hidden())
                .linear(pass.units());
    }

    @Override
    void backward(LayerPass pass, int s) {
        pass.launch(Kernel.GRU_BACKWARD)
                .pointer(pass.gates(s))
                .pointer(pass.h(s))
                .pointer(pass.dh());
        pass.outputGradient(s).linear(pass.units());
        pass.addRecurrentGradient(s, recurrent().get(0), pass.dh(), true);
    }
}
