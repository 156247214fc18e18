/** What all subcommands share of the command line: options, exit status, version. */
@NullMarked
package dev.rondo.bench.cli;

import org.jspecify.annotations.NullMarked;
