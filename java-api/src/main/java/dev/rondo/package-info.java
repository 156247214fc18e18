/**
 * The public API of Rondo: recurrent networks (RNN, LSTM, GRU) that run on any {@link dev.rondo.Backend}.
 *
 * <p>Letters, the same everywhere: {@code T} steps, {@code N} batch rows, {@code I} input size, {@code H} hidden size,
 * {@code G} gates, {@code L} layers, {@code D} directions (2 if bidirectional, else 1). All arrays are row-major, the
 * last index runs fastest: input {@code x [T,N,I]}, output {@code y [T,N,D*H]}, states {@code [L*D,N,H]} with index
 * {@code l*D + d}.
 *
 * <p>Lengths: each row of the batch may have its own length, 0 to T. The output is 0 past it; the final state is the one
 * after the row's last valid step; the reverse direction starts at that step; a row of length 0 keeps its initial state;
 * whatever stands in the padding (NaN too) has no influence.
 *
 * <p>Arguments are checked in this package, once, before any backend sees them. A wrong argument is an
 * {@link java.lang.IllegalArgumentException} or {@link java.lang.NullPointerException} that names it, a closed object an
 * {@link java.lang.IllegalStateException}, a failing backend a {@link dev.rondo.BackendException}.
 */
@NullMarked
package dev.rondo;

import org.jspecify.annotations.NullMarked;
