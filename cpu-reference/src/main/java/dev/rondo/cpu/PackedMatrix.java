package dev.rondo.cpu;

/**
 * A packed matrix {@code [panels][depth][panel]}: the operand B of {@link InnerLoops#product}.
 *
 * @param memory holds it
 * @param offset its first element
 * @param depth number of rows
 * @param panels number of panels of columns
 * @param stride distance of panels
 */
record PackedMatrix(AlignedMemory memory, int offset, int depth, int panels, int stride) {
    /** Reserves the place for a matrix. */
    static PackedMatrix in(AlignedMemory memory, int depth, int columns, int panel) {
        int panels = Packing.panels(columns, panel);
        return new PackedMatrix(memory, memory.reserve(panels, depth, panel), depth, panels, depth * panel);
    }

    float[] data() {
        return memory.array();
    }
}
