/** {@code rondo doctor}: what this machine can run. */
@NullMarked
package dev.rondo.bench.doctor;

import org.jspecify.annotations.NullMarked;
