/** {@code rondo translate}: an encoder-decoder on pairs of sentences. */
@NullMarked
package dev.rondo.bench.translate;

import org.jspecify.annotations.NullMarked;
