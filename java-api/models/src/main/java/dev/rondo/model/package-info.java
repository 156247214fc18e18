/** Sequence models: a network with its input, output, training and file, ready to use. */
@NullMarked
package dev.rondo.model;

import org.jspecify.annotations.NullMarked;
