/**
 * The contract between the public API and a backend: what a backend implements, and nothing an application calls.
 *
 * <p>A backend is found by {@link java.util.ServiceLoader} through its {@link dev.rondo.spi.BackendProvider}. The public
 * classes check every argument before a kernel is called, so kernels do not check again. Every kernel says for each
 * argument its shape, whether it is assigned or accumulated ({@code +=}), and whether it is kept after the call.
 */
@NullMarked
package dev.rondo.spi;

import org.jspecify.annotations.NullMarked;
