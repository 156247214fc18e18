/** {@code rondo task}: the textbook tasks, learnt on data drawn with a seed, with figures and plots. */
@NullMarked
package dev.rondo.bench.task;

import org.jspecify.annotations.NullMarked;
