/**
 * What every backend must do, as tests: a backend runs them by subclassing each {@link dev.rondo.contract.BackendContract} and
 * saying how it is opened.
 */
@NullMarked
package dev.rondo.contract;

import org.jspecify.annotations.NullMarked;
