package dev.rondo.cuda;

import java.util.Optional;

/**
 * One kernel for all steps, in which a cluster of blocks takes a slice of the batch; a cluster of one is the block form, for
 * devices without clusters too. What it keeps on chip and why: {@code persistent_forward.cuh}, {@code persistent_backward.cuh};
 * the formulas here are those of {@code kernels/TUNING.md}.
 */
final class ClusterRecurrence implements Recurrence {
    /** The first part of the name of this form. */
    static final String PREFIX = "cluster:";

    private static final int MAX_THREADS = 256;
    private static final int WARP = 32;
    private static final int LARGEST_PORTABLE = 8;

    private final boolean forward;
    private final Kernel kernel;
    private final int blocks;
    private final int rows;
    private final int threads;
    private final int sharedBytes;

    private ClusterRecurrence(boolean forward, Kernel kernel, int blocks, int rows, int threads, int sharedBytes) {
        this.forward = forward;
        this.kernel = kernel;
        this.blocks = blocks;
        this.rows = rows;
        this.threads = threads;
        this.sharedBytes = sharedBytes;
    }

    /**
     * The form for a shape, where the device can run it.
     *
     * @param cell gives the kernels
     * @param blocks of a cluster: 1, 2, 4, 8 or 16
     * @param rows of the batch for each cluster
     * @param launcher says how many blocks are resident
     * @return empty for a cell without this form, or where it does not fit
     */
    static Optional<Recurrence> of(
            DeviceLimits device, Launcher launcher, CudaCell cell, boolean forward, int hidden, int blocks, int rows) {
        ClusterKernels family = cell.cluster(forward).orElse(null);
        if (family == null || blocks > 1 && !device.hasClusters()) {
            return Optional.empty();
        }
        ClusterKernels.Tile share = family.tile(blocks, device.capability());
        int gates = family.gates();
        int units = up((hidden + blocks - 1L) / blocks, 4);
        int parts = share.parts();
        long groups = forward ? units / parts : up((long) blocks * units, 8) / 8;
        long depth = forward ? (long) blocks * units : (long) gates * units;
        int lanes = WARP;
        while (lanes > share.leastLanes() && (groups * lanes > MAX_THREADS || 2L * lanes >= depth)) {
            lanes /= 2;
        }
        long threads = up(groups * lanes, WARP);
        long chunks = (depth + 4L * lanes - 1) / (4L * lanes);
        long pitch = chunks * 4 * lanes;
        int tile = rows > 4 ? 8 : rows > 2 ? 4 : rows;
        long padded = up(rows, tile);
        long own = (long) rows * units;
        long weights = Math.max(0, chunks - share.kept()) * parts * share.values() * 4 * groups * lanes;
        int buffers = blocks == 1 ? 1 : 2;
        int cellStates = family.cellState() ? 1 : 0;
        long floats = forward
                ? 2 * padded * pitch + cellStates * own
                : buffers * padded * pitch + (long) buffers * blocks * own + (1 + cellStates) * own;
        long bytes = 16 + 4 * (weights + floats);
        if (threads > MAX_THREADS || bytes > device.sharedBytes()) {
            return Optional.empty();
        }
        Kernel kernel = family.kernel(blocks);
        if (blocks > 1 && launcher.clusterBlocks(kernel) != blocks) {
            return Optional.empty();
        }
        if (blocks > LARGEST_PORTABLE) {
            launcher.allowLargeCluster(kernel);
        }
        // Whether a cluster is taken is up to the device; one that is not resident is not.
        if (launcher.residentBlocks(kernel, (int) threads, (int) bytes) < blocks) {
            return Optional.empty();
        }
        return Optional.of(new ClusterRecurrence(forward, kernel, blocks, rows, (int) threads, (int) bytes));
    }

    private static int up(long value, int to) {
        return Math.toIntExact((value + to - 1) / to * to);
    }

    @Override
    public String name() {
        return PREFIX + blocks + "x" + rows;
    }

    @Override
    public void launch(LayerPass pass) {
        Launcher launcher = pass.launch(kernel).pointer(pass.gates(0)).pointer(pass.u(0));
        launcher.pointer(pass.h(0)).pointer(pass.c(0));
        if (!forward) {
            launcher.pointer(pass.dh())
                    .pointer(pass.dc())
                    .pointer(pass.dy())
                    .integer(pass.outputSize())
                    .pointer(pass.lengths())
                    .flag(pass.isReverse());
        } else {
            launcher.pointer(pass.lengths());
        }
        launcher.integer(pass.steps())
                .integer(pass.batch())
                .integer(pass.hidden())
                .integer(rows)
                .shared(sharedBytes)
                .grid((pass.batch() + rows - 1L) / rows * blocks, 1, 1, threads, 1);
    }
}
