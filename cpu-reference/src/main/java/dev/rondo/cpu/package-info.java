/**
 * The fast CPU backend in pure Java, named {@code cpu}: packed weights, register-blocked products, fused gates, threads over
 * the rows of the batch. It computes in float32 and is checked against the oracle in {@link dev.rondo.cpu.reference}; results
 * are bit-identical for every number of threads.
 *
 * <p>A walk through it: {@code CpuRnn} stacks layers, {@code LayerPass} is the loop over time of one layer and direction,
 * {@code LstmCell}, {@code GruCell}, {@code GruResetBeforeCell} and {@code RnnCell} are one step of a block of rows, and
 * {@code InnerLoops} is what runs inside: with the Vector API where {@code jdk.incubator.vector} is there, else plain loops.
 */
@NullMarked
package dev.rondo.cpu;

import org.jspecify.annotations.NullMarked;
