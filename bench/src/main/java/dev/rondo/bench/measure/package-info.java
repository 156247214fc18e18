/** {@code rondo bench}: times of layers, beside those of cuDNN where it is there. */
@NullMarked
package dev.rondo.bench.measure;

import org.jspecify.annotations.NullMarked;
