/** Files with results, and the facts about the machine that stand in them. */
@NullMarked
package dev.rondo.bench.report;

import org.jspecify.annotations.NullMarked;
