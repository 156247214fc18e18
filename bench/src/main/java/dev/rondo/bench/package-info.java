/**
 * The command line of Rondo: {@link dev.rondo.bench.Rondo} and its commands.
 *
 * <p>{@code conform} in the order of its work: {@code CaseFile} reads a file of cases, {@code CaseSupport} says what Rondo
 * does not have of what a case asks for, {@code CaseRunner} runs one case on one backend, {@code OnnxLayout} converts on the
 * way in and out, {@code Mismatch} compares, {@code ConformCommand} reports.
 */
@NullMarked
package dev.rondo.bench;

import org.jspecify.annotations.NullMarked;
