/**
 * Rondo's {@code cpu} backend side by side with other libraries that compute recurrent layers on the CPU of a JVM: first
 * their results are compared, then their times. Start at {@link dev.rondo.bench.peers.Compare}.
 */
@NullMarked
package dev.rondo.bench.peers;

import org.jspecify.annotations.NullMarked;
