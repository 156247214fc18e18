package dev.rondo.cpu;

import org.jspecify.annotations.Nullable;

/** The weights {@code [O,I]} of a linear layer as the right operand of a product: of {@code x W^T}, or of {@code dy W}. */
final class LinearWeights extends PackedWeights {
    /** Columns of a piece of packing. */
    private static final int COLUMNS = 256;

    private final int outputs;
    private final int inputs;
    private final boolean backward;
    final PackedMatrix matrix;

    private LinearWeights(int offset, InnerLoops loops, int outputs, int inputs, boolean backward) {
        super(offset);
        this.outputs = outputs;
        this.inputs = inputs;
        this.backward = backward;
        AlignedMemory memory = new AlignedMemory("packed weights of a linear layer");
        this.matrix = loops.matrix(memory, backward ? outputs : inputs, backward ? inputs : outputs);
        memory.allocate();
    }

    /** Which weights: set before a call asks for them. */
    static final class Form implements PackedCache.Form<LinearWeights> {
        private final InnerLoops loops;
        private int outputs;
        private int inputs;
        private boolean backward;

        Form(InnerLoops loops) {
            this.loops = loops;
        }

        void set(int newOutputs, int newInputs, boolean isBackward) {
            outputs = newOutputs;
            inputs = newInputs;
            backward = isBackward;
        }

        @Override
        public @Nullable LinearWeights cast(PackedWeights weights) {
            return weights instanceof LinearWeights linear
                            && linear.outputs == outputs
                            && linear.inputs == inputs
                            && linear.backward == backward
                    ? linear
                    : null;
        }

        @Override
        public LinearWeights make(int offset) {
            return new LinearWeights(offset, loops, outputs, inputs, backward);
        }
    }

    @Override
    long size() {
        return (long) outputs * inputs;
    }

    @Override
    int pieces() {
        return ((backward ? inputs : outputs) + COLUMNS - 1) / COLUMNS;
    }

    @Override
    public void run(int piece) {
        int first = piece * COLUMNS;
        if (backward) {
            matrix.pack(source, base + first, inputs, outputs, Math.min(COLUMNS, inputs - first), 0, first);
        } else {
            int width = Math.min(COLUMNS, outputs - first);
            matrix.packTransposed(source, base + first * inputs, inputs, inputs, width, 0, first);
        }
    }
}
