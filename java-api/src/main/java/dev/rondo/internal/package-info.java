/** What the modules of Rondo share and nobody else uses: the checks of arguments, and storages over memory of the caller. */
@NullMarked
package dev.rondo.internal;

import org.jspecify.annotations.NullMarked;
