package dev.rondo.cpu;

/** Inner loops whose packed matrices are {@link PanelMatrix}. All of one panel compute the same bits, so that one can take over from another. */
interface PanelLoops extends InnerLoops, PanelMatrix.PanelCopy {}
