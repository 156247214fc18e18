/** Comparisons: of results with those of the oracle or of a case, and what they may be off. */
@NullMarked
package dev.rondo.bench.check;

import org.jspecify.annotations.NullMarked;
