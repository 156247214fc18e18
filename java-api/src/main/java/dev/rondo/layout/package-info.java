/** The layouts that other libraries give weights, inputs and outputs, and the way from them to those of Rondo and back. */
@NullMarked
package dev.rondo.layout;

import org.jspecify.annotations.NullMarked;
