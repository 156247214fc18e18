package dev.rondo.cuda;

import dev.rondo.Backend;
import dev.rondo.Cell;
import java.util.Optional;

/** Which forms of the recurrence an open backend {@code cuda} has taken. */
public final class CudaForms {
    private CudaForms() {}

    /**
     * The form that passes of a layer with these sizes take.
     *
     * @param backend a backend {@code cuda}
     * @param cell the cell
     * @param forward whether the forward passes are meant, or the backward ones
     * @param hidden H
     * @param batch N
     * @param steps T
     * @return such as {@code step}, {@code cluster:8x4} (8 blocks of a cluster, 4 rows of the batch) or {@code grid:132x1} (132
     *     blocks for each slice of the batch, 1 slice); empty if there was no such pass yet
     * @throws IllegalArgumentException if it is another backend
     */
    public static Optional<String> taken(
            Backend backend, Cell cell, boolean forward, int hidden, int batch, int steps) {
        return Optional.ofNullable(
                CudaMemory.kernels(backend).plans().chosen(new Plans.Shape(cell, forward, hidden, batch, steps)));
    }
}
