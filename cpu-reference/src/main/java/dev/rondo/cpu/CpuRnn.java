package dev.rondo.cpu;

import dev.rondo.RnnSpec;
import dev.rondo.spi.RnnCall;
import dev.rondo.spi.RnnKernel;
import dev.rondo.spi.RnnPass;
import java.util.ArrayList;
import java.util.List;

/** The network: its passes, each with activations of its own. Those that are not open serve the next call. */
final class CpuRnn implements RnnKernel {
    private final RnnSpec spec;
    private final InnerLoops loops;
    private final Workers workers;
    private final int maxSteps;
    private final int maxBatch;
    private final List<CpuPass> free = new ArrayList<>();

    CpuRnn(RnnSpec spec, InnerLoops loops, Workers workers, int maxSteps, int maxBatch) {
        this.spec = spec;
        this.loops = loops;
        this.workers = workers;
        this.maxSteps = maxSteps;
        this.maxBatch = maxBatch;
        free.add(pass());
    }

    private CpuPass pass() {
        return new CpuPass(this, spec, loops, workers, maxSteps, maxBatch);
    }

    private CpuPass take() {
        return free.isEmpty() ? pass() : free.remove(free.size() - 1);
    }

    void giveBack(CpuPass pass) {
        free.add(pass);
    }

    @Override
    public void forward(RnnCall call) {
        CpuPass pass = take();
        try {
            pass.forward(call, false);
        } finally {
            giveBack(pass);
        }
    }

    @Override
    public RnnPass train(RnnCall call) {
        CpuPass pass = take();
        try {
            pass.forward(call, true);
            return pass;
        } catch (RuntimeException | Error e) {
            giveBack(pass);
            throw e;
        }
    }

    @Override
    public void close() {
        free.clear();
    }
}
