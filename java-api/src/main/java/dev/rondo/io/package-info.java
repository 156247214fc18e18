/**
 * Files: the <a href="https://github.com/huggingface/safetensors">safetensors</a> format, read strictly and written
 * with a checksum, and the atomic replacement of a file.
 *
 * <p>{@link dev.rondo.io.Safetensors} is the entry point. The package needs nothing else of the library.
 */
@NullMarked
package dev.rondo.io;

import org.jspecify.annotations.NullMarked;
