package dev.rondo.cpu;

/**
 * Each loop of {@link PanelLoops}, and of a product each kernel, with a small call of it, in the order in which they are warmed
 * up where none of them is wanted.
 */
enum Loop {
    PRODUCT_12(12),
    PRODUCT_8(8),
    PRODUCT_6(6),
    PRODUCT_5(5),
    PRODUCT_4(4),
    PRODUCT_1(1),
    SIGMOID {
        @Override
        void call(PanelLoops loops, Operands o) {
            loops.sigmoid(o.gates, 0, o.n);
        }
    },
    TANH {
        @Override
        void call(PanelLoops loops, Operands o) {
            loops.tanh(o.gates, 0, o.n);
        }
    },
    LSTM_FORWARD {
        @Override
        void call(PanelLoops loops, Operands o) {
            loops.lstmForward(o.gates, 0, o.gate, o.state, 0, o.next, o.d, 0, o.d2, o.n);
        }
    },
    ROW_PRODUCT {
        @Override
        void call(PanelLoops loops, Operands o) {
            loops.rowProduct(o.a, 0, o.row, 0, 2, 2, 3, o.c, 0);
        }
    },
    ADD {
        @Override
        void call(PanelLoops loops, Operands o) {
            loops.add(o.d, 0, o.state, 0, o.n);
        }
    },
    TRANSPOSED_PRODUCT {
        @Override
        void call(PanelLoops loops, Operands o) {
            loops.transposedProduct(o.b, o.panel, o.depth, o.b, 1, 2, o.c, 0, 2 * o.panel);
        }
    },
    LSTM_BACKWARD {
        @Override
        void call(PanelLoops loops, Operands o) {
            loops.lstmBackward(o.gates, 0, o.gate, o.state, o.next, 0, o.d, o.d2, 0, o.n);
        }
    },
    COPY {
        @Override
        void call(PanelLoops loops, Operands o) {
            loops.copy(o.a, 0, Operands.DEPTH, o.copied, 3, o.c, 0, 3 * o.panel);
        }
    },
    GRU_FORWARD {
        @Override
        void call(PanelLoops loops, Operands o) {
            loops.gruForward(o.gates, 0, o.gate, o.state, 0, o.next, 0, o.n);
        }
    },
    GRU_BACKWARD {
        @Override
        void call(PanelLoops loops, Operands o) {
            loops.gruBackward(o.gates, 0, o.gate, o.state, 0, o.d, 0, o.n);
        }
    },
    RNN_TANH_BACKWARD {
        @Override
        void call(PanelLoops loops, Operands o) {
            loops.rnnTanhBackward(o.state, 0, o.d, 0, o.next, 0, o.n);
        }
    },
    MULTIPLY {
        @Override
        void call(PanelLoops loops, Operands o) {
            loops.multiply(o.d, 0, o.state, 0, o.d2, 0, o.n);
        }
    },
    GRU_RESET_BEFORE_FORWARD {
        @Override
        void call(PanelLoops loops, Operands o) {
            loops.gruResetBeforeForward(o.gates, 0, o.gate, o.state, 0, o.next, 0, o.n);
        }
    },
    GRU_RESET_BEFORE_BACKWARD {
        @Override
        void call(PanelLoops loops, Operands o) {
            loops.gruResetBeforeBackward(o.gates, 0, o.gate, o.state, 0, o.d, 0, o.n);
        }
    },
    GRU_RESET_BEFORE_BACKWARD_RESET {
        @Override
        void call(PanelLoops loops, Operands o) {
            loops.gruResetBeforeBackwardReset(o.gates, 0, o.state, 0, o.d2, o.d, 0, o.n);
        }
    };

    /** The rows of the kernel of a product; 0 for other loops. */
    private final int rows;

    Loop() {
        this(0);
    }

    Loop(int rows) {
        this.rows = rows;
    }

    /** Calls this loop of some implementation. */
    void call(PanelLoops loops, Operands o) {
        o.product(loops, rows);
    }

    /** Whether an implementation has it: a product need not have a kernel for each number of rows. */
    boolean isIn(PanelLoops loops) {
        return rows == 0 || loops.block(rows) == rows;
    }

    /** The loops of the products, one for each number of rows that there is a kernel for. */
    private static final Loop[] PRODUCTS = {PRODUCT_12, PRODUCT_8, PRODUCT_6, PRODUCT_5, PRODUCT_4, PRODUCT_1};

    /** Those of all products. */
    static Loop[] products() {
        return PRODUCTS.clone();
    }

    /** That of a block of so many rows, see {@link PanelLoops#block}. */
    static Loop product(int rows) {
        return switch (rows) {
            case 12 -> PRODUCT_12;
            case 8 -> PRODUCT_8;
            case 6 -> PRODUCT_6;
            case 5 -> PRODUCT_5;
            case 4 -> PRODUCT_4;
            case 1 -> PRODUCT_1;
            default -> throw new IllegalArgumentException("rows: " + rows);
        };
    }

    /** Small arrays to call loops with. */
    static final class Operands {
        /** Depth of products; odd, so that what an odd depth needs is called too. */
        static final int DEPTH = 9;

        private static final int PANELS = 6;

        final int panel;

        /** Distance of gates. */
        final int gate;

        /** Elements of a loop over elements, depth of a product, rows to copy; all 0 where a call shall have nothing to do. */
        int n;

        int depth;
        int copied;

        final float[] a;
        final PackedMatrix b;
        final PackedMatrix nothing;

        /** B of a product of one row, whose depth is that of B. */
        PackedMatrix row;

        final float[] c;
        final float[] gates;
        final float[] state;
        final float[] next;
        final float[] d;
        final float[] d2;
        private final float[] pattern;

        Operands(int panel) {
            this.panel = panel;
            this.gate = 3 * panel;
            this.pattern = new float[Math.max(4 * gate, 12 * DEPTH)];
            for (int i = 0; i < pattern.length; i++) {
                pattern[i] = i % 5 == 0 ? 0 : (i * 37 % 64 - 32) / 64f;
            }
            AlignedMemory memory = new AlignedMemory("operands");
            // One row more than the depth: of zeros, as loops over an odd depth want it.
            this.b = new PanelMatrix(memory, DEPTH + 1, PANELS * panel, panel, new PlainPanelLoops(panel));
            this.nothing = new PanelMatrix(memory, 0, PANELS * panel, panel, new PlainPanelLoops(panel));
            this.row = b;
            memory.allocate();
            for (int k = 0; k < DEPTH; k++) {
                b.pack(pattern, k, panel, 1, panel, k, 0);
                b.pack(pattern, k + 3, panel, 1, panel, k, panel);
            }
            this.a = pattern.clone();
            this.c = new float[Math.max(12, panel) * 2 * panel];
            this.gates = new float[4 * gate];
            this.state = new float[gate];
            this.next = new float[gate];
            this.d = new float[gate];
            this.d2 = new float[gate];
            setIdle(false);
        }

        private void product(PanelLoops loops, int rows) {
            loops.product(a, 0, DEPTH, rows, depth, b, 0, 2, c, 0, 2 * panel);
        }

        /** Whether the next calls shall have nothing to do. */
        void setIdle(boolean isIdle) {
            n = isIdle ? 0 : gate;
            depth = isIdle ? 0 : DEPTH;
            copied = isIdle ? 0 : 3;
            row = isIdle ? nothing : b;
        }

        /** Gives all that loops write to its first values again: repeated, some would make tiny or infinite values. */
        void reset() {
            System.arraycopy(pattern, 0, c, 0, Math.min(c.length, pattern.length));
            System.arraycopy(pattern, 0, gates, 0, gates.length);
            System.arraycopy(pattern, 1, state, 0, gate);
            System.arraycopy(pattern, 2, next, 0, gate);
            System.arraycopy(pattern, 3, d, 0, gate);
            System.arraycopy(pattern, 4, d2, 0, gate);
        }
    }
}
