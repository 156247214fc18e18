package dev.rondo.cuda;

import java.util.List;

/** {@link dev.rondo.Cell#LSTM}: blocks i, f, g, o. */
final class LstmCell extends CudaCell {
    LstmCell() {
        super(4, List.of(new Group(0, 4, 0)), List.of(new Group(0, 4, 0)));
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
