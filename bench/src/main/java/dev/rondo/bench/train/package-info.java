/** {@code rondo train} and {@code rondo sample}: character language models. */
@NullMarked
package dev.rondo.bench.train;

import org.jspecify.annotations.NullMarked;
