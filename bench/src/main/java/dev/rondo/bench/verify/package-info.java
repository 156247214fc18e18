/** {@code rondo verify}: every cell and layer against the oracle. */
@NullMarked
package dev.rondo.bench.verify;

import org.jspecify.annotations.NullMarked;
