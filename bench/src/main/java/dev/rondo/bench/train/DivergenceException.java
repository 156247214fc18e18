package dev.rondo.bench.train;

/** A training run lost its way: its loss is no longer a number that means something. */
final class DivergenceException extends Exception {
    private static final long serialVersionUID = 1L;

    DivergenceException(String message) {
        super(message);
    }
}
