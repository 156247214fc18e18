/**
 * Training: losses, optimizers, gradient clipping, initialisers and truncated back-propagation through time. All of it runs
 * on the backend's own memory; a training step makes no copy to the host.
 */
@NullMarked
package dev.rondo.train;

import org.jspecify.annotations.NullMarked;
