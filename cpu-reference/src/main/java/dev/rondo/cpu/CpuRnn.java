package dev.rondo.cpu;

import dev.rondo.Purpose;
import dev.rondo.RnnSpec;
import dev.rondo.spi.RnnBackwardCall;
import dev.rondo.spi.RnnCall;
import dev.rondo.spi.RnnKernel;
import dev.rondo.spi.RnnPass;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The network: its passes, each with activations of its own, and the memory for gradients that they share. */
final class CpuRnn implements RnnKernel {
    final RnnSpec spec;
    final Workers workers;
    final PackedCache cache;
    final Spares<WeightGradients.Scratch> gradientScratch;
    final int maxSteps;
    final int maxBatch;

    /** The sizes of each layer. */
    final List<LayerShape> shapes = new ArrayList<>();

    /** Places of a row of outputs of a layer. */
    final int outputRow;

    final int weightCount;

    /** Passes that are not open. */
    private final List<CpuPass> free = new ArrayList<>();

    /** A small pass, for inference alone. */
    private @Nullable CpuPass inference;

    private @Nullable BackwardPass backward;

    CpuRnn(
            RnnSpec spec,
            InnerLoops loops,
            Workers workers,
            PackedCache cache,
            Spares<WeightGradients.Scratch> gradientScratch,
            int maxSteps,
            int maxBatch,
            Purpose purpose) {
        this.spec = spec;
        this.workers = workers;
        this.cache = cache;
        this.gradientScratch = gradientScratch;
        this.maxSteps = maxSteps;
        this.maxBatch = maxBatch;
        for (int layer = 0; layer < spec.layers(); layer++) {
            shapes.add(new LayerShape(spec, layer, loops));
        }
        this.outputRow = Sizes.product("a row of the outputs", spec.directions(), shapes.get(0).padded, 1);
        this.weightCount = spec.layout().size();
        if (purpose == Purpose.TRAINING) {
            CpuPass pass = new CpuPass(this, true);
            free.add(pass);
            backward = new BackwardPass(this, pass);
        } else {
            inference = new CpuPass(this, false);
        }
    }

    @Override
    public void forward(RnnCall call) {
        CpuPass pass = inference;
        if (pass == null && !free.isEmpty()) {
            pass = free.get(free.size() - 1);
        } else if (pass == null) {
            pass = new CpuPass(this, false);
            inference = pass;
        }
        pass.forward(call, false);
    }

    @Override
    public RnnPass train(RnnCall call) {
        CpuPass pass = free.isEmpty() ? new CpuPass(this, true) : free.remove(free.size() - 1);
        try {
            pass.forward(call, true);
        } catch (RuntimeException | Error e) {
            free.add(pass);
            throw e;
        }
        return pass;
    }

    void backward(CpuPass pass, RnnBackwardCall call) {
        BackwardPass run = backward;
        if (run == null) {
            throw new IllegalStateException("rnn " + spec + " is closed");
        }
        run.run(pass, call);
    }

    void giveBack(CpuPass pass) {
        free.add(pass);
    }

    @Override
    public void close() {
        free.clear();
        inference = null;
        backward = null;
    }
}
