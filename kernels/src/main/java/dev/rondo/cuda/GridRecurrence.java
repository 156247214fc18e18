package dev.rondo.cuda;

import java.util.Optional;

/**
 * One kernel for all steps, spread over the whole device, whose blocks hand values to each other through memory; a cooperative
 * launch. How: {@code persistent_grid.cuh}, whose formulas these are.
 */
final class GridRecurrence implements Recurrence {
    /** The first part of the name of this form. */
    static final String PREFIX = "grid:";

    private static final int THREADS = 256;
    private static final int MAX_COLUMN_LANES = 8;
    /** Words of the ring of a backward pass that are taken before the ring gets shorter than the sequence. */
    private static final long RING_WORDS = 8L << 20;

    private final boolean forward;
    private final GridKernels family;
    private final Kernel kernel;
    private final int blocks;
    private final int slices;
    private final int sharedBytes;

    private GridRecurrence(
            boolean forward, GridKernels family, Kernel kernel, int blocks, int slices, int sharedBytes) {
        this.forward = forward;
        this.family = family;
        this.kernel = kernel;
        this.blocks = blocks;
        this.slices = slices;
        this.sharedBytes = sharedBytes;
    }

    /**
     * The form for a shape, where the device can run it.
     *
     * @param cell gives the kernels
     * @param blocks of a slice
     * @param slices of the batch
     * @param launcher says how many blocks are resident
     * @return empty for a cell without this form, or where it does not fit
     */
    static Optional<Recurrence> of(
            DeviceLimits device,
            Launcher launcher,
            CudaCell cell,
            boolean forward,
            int hidden,
            int batch,
            int blocks,
            int slices) {
        GridKernels family = cell.grid(forward).orElse(null);
        if (family == null || !device.cooperative()) {
            return Optional.empty();
        }
        int gates = family.gates();
        int rows = (batch + slices - 1) / slices;
        long depth = forward ? hidden : (long) gates * hidden;
        boolean aligned = depth % 4 == 0;
        int tile = family.tile(aligned, rows);
        int units = (hidden + blocks - 1) / blocks;
        long columns = forward ? (long) gates * units : units;
        int laneColumns = family.laneColumns();
        int columnLanes = 1;
        while (columnLanes < MAX_COLUMN_LANES && (long) columnLanes * laneColumns < columns) {
            columnLanes *= 2;
        }
        long words = (depth + 3) / 4 * 4;
        long onChip = tile == 1 ? Math.max(0, words - 4096 / columnLanes) : words;
        long pitch = (onChip + 31) / 32 * 32 + (forward ? 16 : 4);
        long columnsHeld = (columns + columnLanes - 1) / columnLanes * columnLanes;
        long bytes = 4 * columnsHeld * pitch + 64 * tile * (columnsHeld + 4);
        if ((long) columnLanes * laneColumns < columns
                || (long) units * tile > THREADS
                || bytes > device.sharedBytes()) {
            return Optional.empty();
        }
        Kernel kernel = family.kernel(aligned, rows);
        if ((long) blocks * slices > launcher.residentBlocks(kernel, THREADS, (int) bytes)) {
            return Optional.empty();
        }
        return Optional.of(new GridRecurrence(forward, family, kernel, blocks, slices, (int) bytes));
    }

    /** The slots of the ring of a backward pass: one for each step, or an even number of at least four. */
    private static int slots(GridKernels family, int hidden, int steps, int batch) {
        long fitting = RING_WORDS / Math.max(1, (long) batch * family.gates() * hidden);
        return steps <= Math.max(4, fitting) ? steps : (int) Math.max(4, fitting / 2 * 2);
    }

    /** The elements of the workspace of a backward pass, for all numbers of steps and rows up to these. */
    static long workspaceElements(GridKernels family, int hidden, int maxSteps, int maxBatch) {
        long row = (long) family.gates() * hidden;
        long whole = (long) maxSteps * maxBatch * row;
        return Math.min(whole, Math.max(RING_WORDS, 4L * maxBatch * row));
    }

    @Override
    public String name() {
        return PREFIX + blocks + "x" + slices;
    }

    @Override
    public void launch(LayerPass pass) {
        Launcher launcher = pass.launch(kernel).pointer(pass.gates(0)).pointer(pass.u(0));
        if (forward) {
            launcher.pointer(pass.h(0));
            if (family.cellState()) {
                launcher.pointer(pass.c(0));
            }
            launcher.pointer(pass.lengths());
        } else {
            launcher.pointer(family.cellState() ? pass.c(0) : pass.h(0)).pointer(pass.dh());
            if (family.cellState()) {
                launcher.pointer(pass.dc());
            }
            launcher.pointer(pass.dy())
                    .integer(pass.outputSize())
                    .pointer(pass.lengths())
                    .flag(pass.isReverse())
                    .pointer(pass.workspace())
                    .integer(slots(family, pass.hidden(), pass.steps(), pass.batch()));
        }
        launcher.integer(pass.steps())
                .integer(pass.batch())
                .integer(pass.hidden())
                .shared(sharedBytes)
                .cooperative()
                .grid(blocks, slices, 1, THREADS, 1);
    }
}
