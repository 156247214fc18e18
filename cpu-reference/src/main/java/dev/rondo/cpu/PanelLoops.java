package dev.rondo.cpu;

/** Inner loops whose packed matrices are {@link PanelMatrix}. All of one panel compute the same bits, so that one can take over from another. */
interface PanelLoops extends InnerLoops, PanelMatrix.PanelCopy {
    /** How many of so many rows {@link #product} computes together at first; then come those of the rest. */
    int block(int rows);
}
