/**
 * The oracle: what "right" means. Double arithmetic, plain loops, one thread, the letters of {@link dev.rondo.Cell}; no
 * unrolling, no blocking, no tricks. It may be slow; speed lives next door. Every other backend is compared with it.
 *
 * <p>A walk through it: {@link dev.rondo.cpu.reference.ReferenceRnn} stacks layers and directions, {@code LayerPass} is the
 * loop over time of one layer and direction, and {@code RnnCell}, {@code LstmCell}, {@code GruCell} and
 * {@code GruResetBeforeCell} are one step of one row, forward and backward.
 */
@NullMarked
package dev.rondo.cpu.reference;

import org.jspecify.annotations.NullMarked;
