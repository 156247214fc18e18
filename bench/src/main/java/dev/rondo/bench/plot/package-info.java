/** Pictures as SVG: line charts and heat maps. */
@NullMarked
package dev.rondo.bench.plot;

import org.jspecify.annotations.NullMarked;
