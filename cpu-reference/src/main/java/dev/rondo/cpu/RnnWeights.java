package dev.rondo.cpu;

import dev.rondo.RnnSpec;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** The packed weights of a network, for forward passes or for backward ones, with dense input or one-hot. */
final class RnnWeights extends PackedWeights {
    private final RnnSpec spec;
    private final boolean oneHot;
    private final boolean backward;
    private final long size;
    private final List<LayerWeights> layers = new ArrayList<>();

    private RnnWeights(int offset, RnnSpec spec, List<LayerShape> shapes, boolean oneHot, boolean backward) {
        super(offset);
        this.spec = spec;
        this.oneHot = oneHot;
        this.backward = backward;
        this.size = spec.layout().size();
        AlignedMemory memory = new AlignedMemory("packed weights");
        for (int layer = 0; layer < spec.layers(); layer++) {
            for (int d = 0; d < spec.directions(); d++) {
                if (memory.isLarge()) {
                    memory.allocate();
                    memory = new AlignedMemory("packed weights");
                }
                boolean indices = oneHot && layer == 0;
                layers.add(new LayerWeights(spec, layer, d, shapes.get(layer), indices, backward, memory));
            }
        }
        memory.allocate();
    }

    /** Which weights: of a network, forward or backward; the input is told before a call asks for them. */
    static final class Form implements PackedCache.Form<RnnWeights> {
        private final RnnSpec spec;
        private final List<LayerShape> shapes;
        private final boolean backward;
        private boolean oneHot;

        Form(RnnSpec spec, List<LayerShape> shapes, boolean backward) {
            // What weights do not depend on is left out, so that networks that share weights have equal ones.
            this.spec = spec.withDropout(0);
            this.shapes = shapes;
            this.backward = backward;
        }

        void setOneHot(boolean isOneHot) {
            oneHot = isOneHot;
        }

        @Override
        public @Nullable RnnWeights cast(PackedWeights weights) {
            return weights instanceof RnnWeights rnn
                            && rnn.oneHot == oneHot
                            && rnn.backward == backward
                            && rnn.spec.equals(spec)
                    ? rnn
                    : null;
        }

        @Override
        public RnnWeights make(int offset) {
            return new RnnWeights(offset, spec, shapes, oneHot, backward);
        }
    }

    /** Those of one layer and direction, in the order of the states. */
    LayerWeights layer(int state) {
        return layers.get(state);
    }

    @Override
    void begin() {
        for (int state = 0; state < layers.size(); state++) {
            layers.get(state).clearBiases();
        }
    }

    @Override
    long size() {
        return size;
    }

    @Override
    int pieces() {
        return layers.size() * spec.cell().gates();
    }

    /** Packs one gate of one layer and direction. */
    @Override
    public void run(int piece) {
        int gates = spec.cell().gates();
        layers.get(piece / gates).pack(source, base, piece % gates);
    }
}
