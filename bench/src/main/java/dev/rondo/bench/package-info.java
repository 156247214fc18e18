/**
 * The command line of Rondo: {@link dev.rondo.bench.Rondo}. Each subcommand has a package of its own, which needs those of
 * {@code cli}, {@code report} and {@code check}, never another subcommand.
 */
@NullMarked
package dev.rondo.bench;

import org.jspecify.annotations.NullMarked;
