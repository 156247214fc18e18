package dev.rondo.cuda;

/**
 * Copies of chosen rows within the memory of the device, all in one launch: the states of the streams that a server has input
 * for. Between enter and exit of the context.
 */
final class RowCopies {
    private final CudaKernels backend;
    private final Scratch indices;

    RowCopies(CudaKernels backend) {
        this.backend = backend;
        this.indices = new Scratch(backend.memory(), "the numbers of rows");
    }

    /** Row n of the target becomes row {@code rows[n]} of the source, of which there are {@code sourceRows}. */
    void gather(DeviceStorage target, long offset, DeviceStorage source, long sourceOffset, int[] rows, int width) {
        long numbers = write(rows);
        backend.launcher()
                .of(Kernel.GATHER_ROWS)
                .pointer(source.at(sourceOffset))
                .integer(width)
                .integer(rowsFrom(source, sourceOffset, width))
                .pointer(numbers)
                .integer(rows.length)
                .integer(width)
                .pointer(target.at(offset))
                .integer(width)
                .flag(false)
                .linear((long) rows.length * width);
    }

    /** Row {@code rows[n]} of the target becomes row n of the source. */
    void scatter(DeviceStorage target, long offset, DeviceStorage source, long sourceOffset, int[] rows, int width) {
        long numbers = write(rows);
        backend.launcher()
                .of(Kernel.SCATTER_ROWS)
                .pointer(source.at(sourceOffset))
                .pointer(numbers)
                .integer(rows.length)
                .integer(width)
                .integer(rowsFrom(target, offset, width))
                .pointer(target.at(offset))
                .linear((long) rows.length * width);
    }

    private static int rowsFrom(DeviceStorage storage, long offset, int width) {
        return (int) Math.min(Integer.MAX_VALUE, (storage.size() - offset) / width);
    }

    private long write(int[] rows) {
        long numbers = indices.atLeast(4L * rows.length);
        backend.staging()
                .write(
                        numbers,
                        rows.length,
                        (bytes, from, part) -> bytes.asIntBuffer().put(rows, from, part));
        return numbers;
    }
}
