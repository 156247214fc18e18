package dev.rondo.cuda;

import java.util.List;

/** {@link dev.rondo.Cell#GRU_RESET_BEFORE}: blocks r, z, n; {@code p = r * h} is multiplied by U_n. */
final class GruResetBeforeCell extends CudaCell {
    GruResetBeforeCell() {
        super(3, List.of(new Group(0, 3, 0)), List.of(new Group(0, 2, 0), new Group(2, 1, 2)));
    }

    @Override
    void forward(LayerPass pass, int s) {
        pass.addRecurrent(s, recurrent().get(0), pass.h(s));
        pass.launch(Kernel.GRU_RESET_BEFORE_FORWARD_RESET)
                .pointer(pass.gates(s))
                .pointer(pass.h(s))
                .pointer(pass.p(s))
                .pointer(pass.lengths())
                .integer(s)
                .integer(pass.batch())
                .integer(pass.hidden())
                .linear(pass.units());
        pass.addRecurrent(s, recurrent().get(1), pass.p(s));
        pass.launch(Kernel.GRU_RESET_BEFORE_FORWARD)
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
        pass.launch(Kernel.GRU_RESET_BEFORE_BACKWARD)
                .pointer(pass.gates(s))
                .pointer(pass.h(s))
                .pointer(pass.dh());
        pass.outputGradient(s).linear(pass.units());
        pass.addRecurrentGradient(s, recurrent().get(1), pass.dp(), false);
        pass.launch(Kernel.GRU_RESET_BEFORE_BACKWARD_RESET)
                .pointer(pass.gates(s))
                .pointer(pass.h(s))
                .pointer(pass.dp())
                .pointer(pass.dh())
                .pointer(pass.lengths())
                .integer(s)
                .integer(pass.batch())
                .integer(pass.hidden())
                .linear(pass.units());
        pass.addRecurrentGradient(s, recurrent().get(0), pass.dh(), true);
    }
}
