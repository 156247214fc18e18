package dev.rondo;

import dev.rondo.spi.Arguments;

/**
 * Settings for opening a {@link Backend}. A backend ignores what does not concern it.
 *
 * @param threads number of threads of a CPU backend; 0 for all cores. Results do not depend on it.
 */
public record BackendOptions(int threads) {
    /**
     * Checks the settings.
     *
     * @param threads number of threads of a CPU backend; 0 for all cores
     * @throws IllegalArgumentException if {@code threads} is not 0 to 4096
     */
    public BackendOptions {
        Arguments.inRange("threads", threads, 0, 4096);
    }

    /**
     * All cores.
     *
     * @return the settings of {@link Backend#best()}
     */
    public static BackendOptions defaults() {
        return new BackendOptions(0);
    }
}
