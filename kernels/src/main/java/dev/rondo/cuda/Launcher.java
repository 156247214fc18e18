package dev.rondo.cuda;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.EnumMap;
import java.util.Map;
import jcuda.Pointer;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUfunction;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.JCudaDriver;

/**
 * Launches kernels: {@code launcher.of(Kernel.X).pointer(p).integer(n)....linear(elements)}, with the arguments in the order of
 * the source. Their types and number are checked against the table. Called between enter and exit of the context; a launch allocates
 * nothing once the kernel has been launched before.
 */
final class Launcher {
    /** Threads of a block of the elementwise kernels. */
    static final int THREADS = 256;

    private static final int WARP = 32;
    private static final int BLOCKS_PER_MULTIPROCESSOR = 8;

    private final CudaContext context;
    private final KernelImages images;
    private final int multiprocessors;
    private final int maxBlocks;
    private final ByteBuffer arguments = ByteBuffer.allocateDirect(256).order(ByteOrder.nativeOrder());
    /** For each kernel a table of pointers to its arguments. */
    private final Map<Kernel, Pointer> tables = new EnumMap<>(Kernel.class);

    /** For each kernel the dynamic shared memory that it was told it may use. */
    private final Map<Kernel, Integer> sharedLimits = new EnumMap<>(Kernel.class);

    private Kernel kernel = Kernel.SGD;
    private int argument;
    private int sharedBytes;
    private boolean cooperative;

    Launcher(CudaContext context) {
        this.context = context;
        this.images = new KernelImages(context);
        this.multiprocessors =
                CudaProbe.attribute(context.device(), CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
        this.maxBlocks = multiprocessors * BLOCKS_PER_MULTIPROCESSOR;
        context.atClose(images::close);
    }

    /** Begins the arguments of a kernel. */
    Launcher of(Kernel next) {
        kernel = next;
        argument = 0;
        sharedBytes = 0;
        cooperative = false;
        return this;
    }

    private int offset(char type) {
        if (argument >= kernel.count() || kernel.type(argument) != type) {
            throw new IllegalStateException(kernel.symbol() + ", argument " + argument + ": expected "
                    + (argument < kernel.count() ? "type " + kernel.type(argument) : "none") + ", got type " + type);
        }
        return kernel.offset(argument++);
    }

    /** A pointer; 0 for null. */
    Launcher pointer(long address) {
        arguments.putLong(offset('p'), address);
        return this;
    }

    /** A 64-bit integer. */
    Launcher wide(long value) {
        arguments.putLong(offset('l'), value);
        return this;
    }

    /** A 32-bit integer. */
    Launcher integer(int value) {
        arguments.putInt(offset('i'), value);
        return this;
    }

    /** A 32-bit integer, 1 for true. */
    Launcher flag(boolean value) {
        return integer(value ? 1 : 0);
    }

    /** A float32. */
    Launcher real(double value) {
        arguments.putFloat(offset('f'), (float) value);
        return this;
    }

    /** Dynamic shared memory of a block. */
    Launcher shared(int bytes) {
        allowShared(kernel, bytes);
        sharedBytes = bytes;
        return this;
    }

    /** All blocks of the grid are resident at the same time. */
    Launcher cooperative() {
        cooperative = true;
        return this;
    }

    /** Allows a kernel's clusters more blocks than every device with clusters has to take. */
    void allowLargeCluster(Kernel of) {
        context.check(
                JCudaDriver.cuFuncSetAttribute(
                        images.function(of),
                        CUfunction_attribute.CU_FUNC_ATTRIBUTE_NON_PORTABLE_CLUSTER_SIZE_ALLOWED,
                        1),
                "cuFuncSetAttribute for the clusters of " + of.symbol());
    }

    /**
     * How many blocks a cluster of a kernel has, by the image that the driver took: PTX for drivers and devices that do not take
     * the machine code knows no clusters.
     *
     * @return 0 if it has none
     */
    int clusterBlocks(Kernel of) {
        int[] width = new int[1];
        context.check(
                JCudaDriver.cuFuncGetAttribute(
                        width, CUfunction_attribute.CU_FUNC_ATTRIBUTE_REQUIRED_CLUSTER_WIDTH, images.function(of)),
                "cuFuncGetAttribute for the clusters of " + of.symbol());
        return width[0];
    }

    private void allowShared(Kernel of, int bytes) {
        if (bytes > sharedLimits.getOrDefault(of, 0)) {
            context.check(
                    JCudaDriver.cuFuncSetAttribute(
                            images.function(of),
                            CUfunction_attribute.CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES,
                            bytes),
                    "cuFuncSetAttribute of " + bytes + " bytes of shared memory for " + of.symbol());
            sharedLimits.put(of, bytes);
        }
    }

    /** How many blocks of a kernel are resident on the whole device at the same time. */
    long residentBlocks(Kernel of, int threads, int bytes) {
        allowShared(of, bytes);
        int[] blocks = new int[1];
        context.check(
                JCudaDriver.cuOccupancyMaxActiveBlocksPerMultiprocessor(blocks, images.function(of), threads, bytes),
                "cuOccupancyMaxActiveBlocksPerMultiprocessor for " + of.symbol());
        return (long) blocks[0] * multiprocessors;
    }

    /** The number of blocks of an elementwise kernel: a thread for each element, or as many as fill the device. */
    int blocks(long elements) {
        return (int) Math.min((elements + THREADS - 1) / THREADS, maxBlocks);
    }

    /**
     * Launches a kernel of which a block works on one row at a time.
     *
     * @param columns what the threads of a block share out; few of them need no more than a warp
     */
    void rows(long rows, long columns) {
        grid(Math.min(rows, maxBlocks), 1, 1, columns > 4 * WARP ? THREADS : WARP, 1);
    }

    /** Launches a kernel of which a block works on one row at a time, always with all its threads. */
    void rows(long rows) {
        rows(rows, Long.MAX_VALUE);
    }

    /** Launches an elementwise kernel. */
    void linear(long elements) {
        grid(blocks(elements), 1, 1, THREADS, 1);
    }

    /** Launches a grid of blocks. */
    void grid(long gridX, long gridY, long gridZ, int blockX, int blockY) {
        if (argument != kernel.count()) {
            throw new IllegalStateException(
                    kernel.symbol() + ": expected " + kernel.count() + " arguments, got " + argument);
        }
        CUfunction function = images.function(kernel);
        Pointer table = tables.get(kernel);
        if (table == null) {
            table = table(kernel);
            tables.put(kernel, table);
        }
        int x = Math.toIntExact(gridX);
        int y = Math.toIntExact(gridY);
        int z = Math.toIntExact(gridZ);
        int status = cooperative
                ? JCudaDriver.cuLaunchCooperativeKernel(
                        function, x, y, z, blockX, blockY, 1, sharedBytes, context.stream(), table)
                : JCudaDriver.cuLaunchKernel(
                        function, x, y, z, blockX, blockY, 1, sharedBytes, context.stream(), table, null);
        if (status == Status.SUCCESS && context.isDebug()) {
            status = JCudaDriver.cuStreamSynchronize(context.stream());
        }
        if (status != Status.SUCCESS) {
            throw context.failed(status, describe(gridX, gridY, gridZ, blockX, blockY));
        }
    }

    private Pointer table(Kernel of) {
        Pointer start = Pointer.toBuffer(arguments);
        Pointer[] pointers = new Pointer[of.count()];
        for (int i = 0; i < pointers.length; i++) {
            pointers[i] = start.withByteOffset(of.offset(i));
        }
        return Pointer.to(pointers);
    }

    private String describe(long gridX, long gridY, long gridZ, int blockX, int blockY) {
        StringBuilder text =
                new StringBuilder("launch of ").append(kernel.symbol()).append('(');
        for (int i = 0; i < kernel.count(); i++) {
            int at = kernel.offset(i);
            text.append(i > 0 ? ", " : "");
            switch (kernel.type(i)) {
                case 'p' -> text.append("0x").append(Long.toHexString(arguments.getLong(at)));
                case 'l' -> text.append(arguments.getLong(at));
                case 'i' -> text.append(arguments.getInt(at));
                default -> text.append(arguments.getFloat(at));
            }
        }
        return text.append("), grid ")
                .append(gridX + " x " + gridY + " x " + gridZ)
                .append(", block ")
                .append(blockX + " x " + blockY)
                .append(sharedBytes > 0 ? ", " + sharedBytes + " bytes of shared memory" : "")
                .append(cooperative ? ", cooperative" : "")
                .toString();
    }
}
