/**
 * The backend {@code cuda}: hand-written kernels on the first CUDA device, launched through JCuda's driver API. What a machine
 * has for it, or why it cannot be used: {@link dev.rondo.cuda.CudaProbe}.
 */
@NullMarked
package dev.rondo.cuda;

import org.jspecify.annotations.NullMarked;
