package dev.rondo.cpu;

/** Each loop of {@link PanelLoops}, with small calls of it, in the order in which they are warmed up. */
enum Loop {
    /** In blocks of every number of rows that there is a kernel for. */
    PRODUCT(12, 8, 6, 5, 4, 1) {
        @Override
        void call(PanelLoops loops, Operands o, int rows) {
            loops.product(o.a, 0, Operands.DEPTH, rows, Operands.DEPTH, o.b, 0, 2, o.c, 0, 2 * o.panel);
        }
    },
    SIGMOID {
        @Override
        void call(PanelLoops loops, Operands o, int rows) {
            loops.sigmoid(o.gates, 0, o.n);
        }
    },
    TANH {
        @Override
        void call(PanelLoops loops, Operands o, int rows) {
            loops.tanh(o.gates, 0, o.n);
        }
    },
    LSTM_FORWARD {
        @Override
        void call(PanelLoops loops, Operands o, int rows) {
            loops.lstmForward(o.gates, 0, o.n, o.state, 0, o.next, o.d, 0, o.d2, o.n);
        }
    },
    ROW_PRODUCT {
        @Override
        void call(PanelLoops loops, Operands o, int rows) {
            loops.rowProduct(o.a, 0, o.b, 0, 2, 2, 3, o.c, 0);
        }
    },
    ADD {
        @Override
        void call(PanelLoops loops, Operands o, int rows) {
            loops.add(o.d, 0, o.state, 0, o.n);
        }
    },
    TRANSPOSED_PRODUCT {
        @Override
        void call(PanelLoops loops, Operands o, int rows) {
            loops.transposedProduct(o.b, o.panel, Operands.DEPTH, o.b, 1, 2, o.c, 0, 2 * o.panel);
        }
    },
    LSTM_BACKWARD {
        @Override
        void call(PanelLoops loops, Operands o, int rows) {
            loops.lstmBackward(o.gates, 0, o.n, o.state, o.next, 0, o.d, o.d2, 0, o.n);
        }
    },
    COPY {
        @Override
        void call(PanelLoops loops, Operands o, int rows) {
            loops.copy(o.a, 0, Operands.DEPTH, 3, 3, o.c, 0, 3 * o.panel);
        }
    },
    GRU_FORWARD {
        @Override
        void call(PanelLoops loops, Operands o, int rows) {
            loops.gruForward(o.gates, 0, o.n, o.state, 0, o.next, 0, o.n);
        }
    },
    GRU_BACKWARD {
        @Override
        void call(PanelLoops loops, Operands o, int rows) {
            loops.gruBackward(o.gates, 0, o.n, o.state, 0, o.d, 0, o.n);
        }
    },
    RNN_TANH_BACKWARD {
        @Override
        void call(PanelLoops loops, Operands o, int rows) {
            loops.rnnTanhBackward(o.state, 0, o.d, 0, o.next, 0, o.n);
        }
    },
    MULTIPLY {
        @Override
        void call(PanelLoops loops, Operands o, int rows) {
            loops.multiply(o.d, 0, o.state, 0, o.d2, 0, o.n);
        }
    },
    GRU_RESET_BEFORE_FORWARD {
        @Override
        void call(PanelLoops loops, Operands o, int rows) {
            loops.gruResetBeforeForward(o.gates, 0, o.n, o.state, 0, o.next, 0, o.n);
        }
    },
    GRU_RESET_BEFORE_BACKWARD {
        @Override
        void call(PanelLoops loops, Operands o, int rows) {
            loops.gruResetBeforeBackward(o.gates, 0, o.n, o.state, 0, o.d, 0, o.n);
        }
    },
    GRU_RESET_BEFORE_BACKWARD_RESET {
        @Override
        void call(PanelLoops loops, Operands o, int rows) {
            loops.gruResetBeforeBackwardReset(o.gates, 0, o.state, 0, o.d2, o.d, 0, o.n);
        }
    };

    /** The numbers of rows to call it with; one that means nothing where a loop has no rows. */
    final int[] rows;

    Loop(int... rows) {
        this.rows = rows.length > 0 ? rows : new int[] {0};
    }

    /** Calls this loop of some implementation. */
    abstract void call(PanelLoops loops, Operands o, int rows);

    /** Small arrays to call loops with. */
    static final class Operands {
        /** Depth of products; odd, so that what an odd depth needs is called too. */
        static final int DEPTH = 9;

        private static final int PANELS = 6;

        final int panel;

        /** Elements of a loop over elements. */
        final int n;

        final float[] a;
        final PackedMatrix b;
        final float[] c;
        final float[] gates;
        final float[] state;
        final float[] next;
        final float[] d;
        final float[] d2;
        private final float[] pattern;

        Operands(int panel) {
            this.panel = panel;
            this.n = 3 * panel;
            this.pattern = new float[Math.max(4 * n, 12 * DEPTH)];
            for (int i = 0; i < pattern.length; i++) {
                pattern[i] = i % 5 == 0 ? 0 : (i * 37 % 64 - 32) / 64f;
            }
            AlignedMemory memory = new AlignedMemory("operands");
            // One row more than the depth: of zeros, as loops over an odd depth want it.
            this.b = new PanelMatrix(memory, DEPTH + 1, PANELS * panel, panel, new PlainPanelLoops(panel));
            memory.allocate();
            for (int k = 0; k < DEPTH; k++) {
                b.pack(pattern, k, panel, 1, panel, k, 0);
                b.pack(pattern, k + 3, panel, 1, panel, k, panel);
            }
            this.a = pattern.clone();
            this.c = new float[Math.max(12, panel) * 2 * panel];
            this.gates = new float[4 * n];
            this.state = new float[n];
            this.next = new float[n];
            this.d = new float[n];
            this.d2 = new float[n];
        }

        /** Gives all that loops write to its first values again: repeated, some would make tiny or infinite values. */
        void reset() {
            System.arraycopy(pattern, 0, c, 0, Math.min(c.length, pattern.length));
            System.arraycopy(pattern, 0, gates, 0, gates.length);
            System.arraycopy(pattern, 1, state, 0, n);
            System.arraycopy(pattern, 2, next, 0, n);
            System.arraycopy(pattern, 3, d, 0, n);
            System.arraycopy(pattern, 4, d2, 0, n);
        }
    }
}
