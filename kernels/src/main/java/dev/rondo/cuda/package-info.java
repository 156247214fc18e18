/**
 * The place of the CUDA backend: hand-written kernels, loaded through JCuda's driver API. It holds no code yet, so no backend
 * {@code cuda} is announced.
 */
@NullMarked
package dev.rondo.cuda;

import org.jspecify.annotations.NullMarked;
