package dev.rondo.spi;

import dev.rondo.Cell;
import dev.rondo.RnnOption;
import dev.rondo.RnnSpec;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;

/** The cells and options that a backend has, for {@link BackendKernels#unsupported}. */
public final class Supported {
    private final String backend;
    private final Set<Cell> cells;
    private final Set<RnnOption> options;

    /**
     * What a backend has.
     *
     * @param backend its name
     * @param cells its cells
     * @param options its options
     */
    public Supported(String backend, Set<Cell> cells, Set<RnnOption> options) {
        this.backend = backend;
        this.cells = Set.copyOf(cells);
        this.options = Set.copyOf(options);
    }

    /**
     * Why a network cannot be computed.
     *
     * @param spec the network
     * @return what is missing; empty if nothing is
     */
    public Optional<String> missing(RnnSpec spec) {
        if (!cells.contains(spec.cell())) {
            return Optional.of("backend " + backend + " does not have cell " + spec.cell());
        }
        Set<RnnOption> others = new TreeSet<>(spec.options());
        others.removeAll(options);
        return others.isEmpty() ? Optional.empty() : Optional.of("backend " + backend + " does not have " + others);
    }
}
