/**
 * {@code rondo conform}, in the order of its work: {@code CaseFile} reads a file of cases, {@code CaseSupport} says what Rondo
 * does not have of what a case asks for, {@code CaseRunner} runs one case on one backend, {@code dev.rondo.layout.OnnxLayout}
 * converts on the way in and out, {@code Mismatch} compares, {@code ConformCommand} reports.
 */
@NullMarked
package dev.rondo.bench.conform;

import org.jspecify.annotations.NullMarked;
