package dev.rondo.cuda;

import java.util.List;

/** {@link dev.rondo.Cell#GRU}: blocks r, z, q, n, with {@code q = U_n h + u_n}, which the reset gate multiplies. */
final class GruCell extends CudaCell {
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
