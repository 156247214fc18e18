package dev.rondo.cuda;

import dev.rondo.cuda.ClusterKernels.Tile;
import java.util.List;
import java.util.Optional;

/** {@link dev.rondo.Cell#RNN_TANH} and {@link dev.rondo.Cell#RNN_RELU}: one gate. */
final class RnnCell extends CudaCell {
    private final Kernel forward;
    private final Kernel backward;
    private final ClusterKernels clusterForward;
    private final ClusterKernels clusterBackward;
    private final GridKernels gridForward;
    private final GridKernels gridBackward;

    private RnnCell(
            Kernel forward,
            Kernel backward,
            ClusterKernels clusterForward,
            ClusterKernels clusterBackward,
            GridKernels gridForward,
            GridKernels gridBackward) {
        super(1, List.of(new Group(0, 1, 0)), List.of(new Group(0, 1, 0)));
        this.forward = forward;
        this.backward = backward;
        this.clusterForward = clusterForward;
        this.clusterBackward = clusterBackward;
        this.gridForward = gridForward;
        this.gridBackward = gridBackward;
    }

    /** {@link dev.rondo.Cell#RNN_TANH}. */
    static RnnCell tanh() {
        return new RnnCell(
                Kernel.RNN_TANH_FORWARD,
                Kernel.RNN_TANH_BACKWARD,
                clusterForward(
                        Kernel.RNN_TANH_FORWARD_CLUSTER_1,
                        Kernel.RNN_TANH_FORWARD_CLUSTER_2,
                        Kernel.RNN_TANH_FORWARD_CLUSTER_4,
                        Kernel.RNN_TANH_FORWARD_CLUSTER_8,
                        Kernel.RNN_TANH_FORWARD_CLUSTER_16),
                clusterBackward(
                        Kernel.RNN_TANH_BACKWARD_CLUSTER_1,
                        Kernel.RNN_TANH_BACKWARD_CLUSTER_2,
                        Kernel.RNN_TANH_BACKWARD_CLUSTER_4,
                        Kernel.RNN_TANH_BACKWARD_CLUSTER_8,
                        Kernel.RNN_TANH_BACKWARD_CLUSTER_16),
                new GridKernels(
                        1,
                        false,
                        4,
                        Kernel.PERSISTENT_GRID_RNN_TANH_FORWARD_ROW,
                        Kernel.PERSISTENT_GRID_RNN_TANH_FORWARD_ROWS4,
                        Kernel.PERSISTENT_GRID_RNN_TANH_FORWARD_ROWS8,
                        Kernel.PERSISTENT_GRID_RNN_TANH_FORWARD_UNALIGNED),
                new GridKernels(
                        1,
                        false,
                        8,
                        Kernel.PERSISTENT_GRID_RNN_TANH_BACKWARD_ROW,
                        Kernel.PERSISTENT_GRID_RNN_TANH_BACKWARD_ROWS4,
                        Kernel.PERSISTENT_GRID_RNN_TANH_BACKWARD_ROWS8,
                        Kernel.PERSISTENT_GRID_RNN_TANH_BACKWARD_UNALIGNED));
    }

    /** {@link dev.rondo.Cell#RNN_RELU}. */
    static RnnCell relu() {
        return new RnnCell(
                Kernel.RNN_RELU_FORWARD,
                Kernel.RNN_RELU_BACKWARD,
                clusterForward(
                        Kernel.RNN_RELU_FORWARD_CLUSTER_1,
                        Kernel.RNN_RELU_FORWARD_CLUSTER_2,
                        Kernel.RNN_RELU_FORWARD_CLUSTER_4,
                        Kernel.RNN_RELU_FORWARD_CLUSTER_8,
                        Kernel.RNN_RELU_FORWARD_CLUSTER_16),
                clusterBackward(
                        Kernel.RNN_RELU_BACKWARD_CLUSTER_1,
                        Kernel.RNN_RELU_BACKWARD_CLUSTER_2,
                        Kernel.RNN_RELU_BACKWARD_CLUSTER_4,
                        Kernel.RNN_RELU_BACKWARD_CLUSTER_8,
                        Kernel.RNN_RELU_BACKWARD_CLUSTER_16),
                new GridKernels(
                        1,
                        false,
                        4,
                        Kernel.PERSISTENT_GRID_RNN_RELU_FORWARD_ROW,
                        Kernel.PERSISTENT_GRID_RNN_RELU_FORWARD_ROWS4,
                        Kernel.PERSISTENT_GRID_RNN_RELU_FORWARD_ROWS8,
                        Kernel.PERSISTENT_GRID_RNN_RELU_FORWARD_UNALIGNED),
                new GridKernels(
                        1,
                        false,
                        8,
                        Kernel.PERSISTENT_GRID_RNN_RELU_BACKWARD_ROW,
                        Kernel.PERSISTENT_GRID_RNN_RELU_BACKWARD_ROWS4,
                        Kernel.PERSISTENT_GRID_RNN_RELU_BACKWARD_ROWS8,
                        Kernel.PERSISTENT_GRID_RNN_RELU_BACKWARD_UNALIGNED));
    }

    private static ClusterKernels clusterForward(Kernel... kernels) {
        return ClusterKernels.forward(1, false, 4, 6, kernels);
    }

    private static ClusterKernels clusterBackward(Kernel... kernels) {
        Tile clustered = new Tile(2, 4, 2, 2);
        return new ClusterKernels(1, false, new Tile(2, 4, 3, 8), clustered, clustered, List.of(kernels));
    }

    @Override
    Optional<ClusterKernels> cluster(boolean isForward) {
        return Optional.of(isForward ? clusterForward : clusterBackward);
    }

    @Override
    Optional<GridKernels> grid(boolean isForward) {
        return Optional.of(isForward ? gridForward : gridBackward);
    }

    @Override
    void forward(LayerPass pass, int s) {
        pass.addRecurrent(s, recurrent().get(0), pass.h(s));
        pass.launch(forward)
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
        pass.launch(backward).pointer(pass.gates(s)).pointer(pass.h(s + 1)).pointer(pass.dh());
        pass.outputGradient(s).linear(pass.units());
        pass.addRecurrentGradient(s, recurrent().get(0), pass.dh(), true);
    }
}
