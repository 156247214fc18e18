package dev.rondo.cpu.reference;

import dev.rondo.RnnSpec;
import dev.rondo.spi.RnnCall;
import dev.rondo.spi.RnnKernel;
import dev.rondo.spi.RnnPass;

/** The network: every pass over it is a {@link ReferencePass} of its own. */
final class ReferenceRnn implements RnnKernel {
    private final RnnSpec spec;

    ReferenceRnn(RnnSpec spec) {
        this.spec = spec;
    }

    @Override
    public void forward(RnnCall call) {
        new ReferencePass(spec, call, false).forward();
    }

    @Override
    public RnnPass train(RnnCall call) {
        ReferencePass pass = new ReferencePass(spec, call, true);
        pass.forward();
        return pass;
    }

    @Override
    public void close() {
        // nothing but the garbage collector's
    }
}
