/** NVIDIA's cuDNN: called as a layer, to compare with and to be timed beside. */
@NullMarked
package dev.rondo.bench.cudnn;

import org.jspecify.annotations.NullMarked;
