package dev.rondo.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.RnnSpec;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;

/** The table of the cells: for each cell, pass and form its kernels, or none. All but one test need no device. */
class CudaCellsTest {
    private static final int[] CLUSTERS = {1, 2, 4, 8, 16};

    private static List<Kernel> gridKernels(GridKernels grid) {
        return Stream.of(grid.row(), grid.rows4(), grid.rows8(), grid.unaligned())
                .flatMap(Stream::ofNullable)
                .toList();
    }

    @ParameterizedTest
    @MethodSource("dev.rondo.cuda.Workload#cells")
    void everyCellIsThereAsAWhole(Cell cell) {
        CudaCell kernels = CudaCells.of(cell);
        int gates = kernels.recurrent().stream().mapToInt(CudaCell.Group::count).sum();
        assertEquals(cell.gates(), gates, "gates of U");
        assertEquals(
                cell.gates(),
                kernels.input().stream().mapToInt(CudaCell.Group::count).sum(),
                "gates of W");
        for (boolean forward : new boolean[] {true, false}) {
            String pass = forward ? "_FORWARD" : "_BACKWARD";
            Optional<ClusterKernels> cluster = kernels.cluster(forward);
            Optional<GridKernels> grid = kernels.grid(forward);
            assertEquals(cluster.isEmpty() && grid.isEmpty(), kernels.hasStepsOnly(forward));
            cluster.ifPresent(family -> {
                assertEquals(gates, family.gates());
                assertEquals(cell.hasCellState(), family.cellState());
                assertEquals(CLUSTERS.length, family.kernels().size());
                for (int blocks : CLUSTERS) {
                    assertEquals(
                            cell + pass + "_CLUSTER_" + blocks,
                            family.kernel(blocks).name());
                }
            });
            grid.ifPresent(family -> {
                assertEquals(gates, family.gates());
                assertEquals(cell.hasCellState(), family.cellState());
                for (Kernel kernel : gridKernels(family)) {
                    assertTrue(kernel.name().startsWith("PERSISTENT_GRID_" + cell + pass + "_"), kernel.name());
                }
                // Every number of rows and every depth that the cell can have has a kernel of its own.
                for (int hidden = 1; hidden <= 8; hidden++) {
                    boolean aligned = (forward ? hidden : gates * hidden) % 4 == 0;
                    for (int rows : new int[] {1, 2, 4, 5, 8, 9}) {
                        String variant = !aligned ? "UNALIGNED" : rows == 1 ? "ROW" : rows <= 4 ? "ROWS4" : "ROWS8";
                        assertTrue(family.kernel(aligned, rows).name().endsWith("_" + variant), cell + " " + hidden);
                    }
                }
            });
        }
        assertEquals(
                kernels.hasStepsOnly(true), kernels.hasStepsOnly(false), "a cell has a form in both passes or in none");
    }

    /** A cell that only other backends have is refused with a reason, and nothing here has to be changed for it. */
    @ParameterizedTest
    @EnumSource(Cell.class)
    void aCellThatIsNotInTheTableIsNotSupported(Cell cell) {
        try (Backend backend = TestDevice.open()) {
            Optional<String> reason = backend.unsupported(RnnSpec.of(cell, 2, 3));
            assertEquals(CudaCells.find(cell).isEmpty(), reason.isPresent(), () -> cell + ": " + reason);
        }
    }

    /** A kernel that no cell takes would be a hole that only a GPU shows. */
    @Test
    void everyKernelOfAFormBelongsToOneCellAndPass() {
        List<Kernel> taken = new ArrayList<>();
        for (Cell cell : CudaCells.all()) {
            for (boolean forward : new boolean[] {true, false}) {
                CudaCells.of(cell).cluster(forward).ifPresent(family -> taken.addAll(family.kernels()));
                CudaCells.of(cell).grid(forward).ifPresent(family -> taken.addAll(gridKernels(family)));
            }
        }
        Set<Kernel> forms = EnumSet.noneOf(Kernel.class);
        for (Kernel kernel : Kernel.values()) {
            String file = kernel.file();
            if (file.endsWith("_cluster") || file.startsWith("persistent_grid_")) {
                forms.add(kernel);
            }
        }
        assertEquals(forms, new HashSet<>(taken));
        assertEquals(forms.size(), taken.size(), "a kernel is taken twice");
    }

    /** Variants of a kernel are launched by the same code. */
    @ParameterizedTest
    @MethodSource("dev.rondo.cuda.Workload#cells")
    void variantsHaveTheSameParameters(Cell cell) {
        for (boolean forward : new boolean[] {true, false}) {
            CudaCells.of(cell).cluster(forward).ifPresent(family -> assertSameParameters(family.kernels()));
            CudaCells.of(cell).grid(forward).ifPresent(family -> assertSameParameters(gridKernels(family)));
        }
    }

    private static void assertSameParameters(List<Kernel> kernels) {
        Set<String> types = new HashSet<>();
        for (Kernel kernel : kernels) {
            StringBuilder text = new StringBuilder();
            for (int i = 0; i < kernel.count(); i++) {
                text.append(kernel.type(i));
            }
            types.add(text.toString());
        }
        assertEquals(1, types.size(), () -> kernels.get(0).symbol().toLowerCase(Locale.ROOT) + ": " + types);
    }
}
