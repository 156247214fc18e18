/** Benchmarks, run by JMH: see {@code bench/README.md}. */
@NullMarked
package dev.rondo.bench.jmh;

import org.jspecify.annotations.NullMarked;
