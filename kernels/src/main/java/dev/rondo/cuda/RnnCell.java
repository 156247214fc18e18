package dev.rondo.cuda;

import java.util.List;

/** {@link dev.rondo.Cell#RNN_TANH} and {@link dev.rondo.Cell#RNN_RELU}: one gate. */
final class RnnCell extends CudaCell {
    private final Kernel forward;
    private final Kernel backward;

    RnnCell(Kernel forward, Kernel backward) {
        super(1, List.of(new Group(0, 1, 0)), List.of(new Group(0, 1, 0)));
        this.forward = forward;
        this.backward = backward;
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
