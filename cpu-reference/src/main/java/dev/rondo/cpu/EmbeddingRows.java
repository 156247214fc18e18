package dev.rondo.cpu;

import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import dev.rondo.internal.IntArrayStorage;
import java.util.Arrays;

/** One call of an embedding: rows of a table, or gradients added to them. */
final class EmbeddingRows implements Workers.Piece {
    /** So many gradients of one index are added up one after the other; of more, sums in double. */
    private static final int SHORT = 256;

    /** Rows of the table of a piece of work. */
    private static final int PIECE = 64;

    /** Columns that are added up in double at a time. */
    private static final int COLUMNS = 64;

    private static final int[] NONE = new int[0];

    private final Workers workers;
    private final Spares<double[]> sumsOfThreads;
    private final HostArray table = new HostArray();
    private final HostArray y = new HostArray();
    private int[] index = NONE;
    private int start;
    private int size;
    private int vocabulary;

    /** Where the rows of each index begin in {@link #order}; used for many rows. */
    private int[] begin = NONE;

    /** The rows ordered by index, and of one index as they came. */
    private int[] order = NONE;

    static double[] sums() {
        return new double[COLUMNS];
    }

    EmbeddingRows(Workers workers, Spares<double[]> sumsOfThreads) {
        this.workers = workers;
        this.sumsOfThreads = sumsOfThreads;
    }

    private void open(IntTensor indices, Tensor tableTensor, Tensor yTensor) {
        index = ((IntArrayStorage) indices.storage()).array();
        start = indices.offset();
        vocabulary = tableTensor.dimension(0);
        size = tableTensor.dimension(1);
        for (int m = 0; m < indices.size(); m++) {
            if (index[start + m] < 0 || index[start + m] >= vocabulary) {
                throw new IllegalArgumentException(
                        "indices[" + m + "]: expected 0 to " + (vocabulary - 1) + ", got " + index[start + m]);
            }
        }
        table.open(tableTensor);
        y.open(yTensor);
    }

    private void close() {
        index = NONE;
        table.close();
        y.close();
    }

    void forward(Tensor tableTensor, IntTensor indices, Tensor yTensor) {
        workers.requireOpen();
        try {
            open(indices, tableTensor, yTensor);
            for (int m = 0; m < indices.size(); m++) {
                System.arraycopy(
                        table.array, table.offset + index[start + m] * size, y.array, y.offset + m * size, size);
            }
            y.writeBack(yTensor);
        } finally {
            close();
        }
    }

    void backward(IntTensor indices, Tensor dy, Tensor dTable) {
        workers.requireOpen();
        try {
            open(indices, dTable, dy);
            int rows = indices.size();
            if (rows <= SHORT) {
                for (int m = 0; m < rows; m++) {
                    add(index[start + m], m);
                }
            } else {
                sort(rows);
                workers.pieces(4L * rows * size, (vocabulary + PIECE - 1) / PIECE, this);
            }
            table.writeBack(dTable);
        } finally {
            close();
        }
    }

    private void add(int to, int m) {
        int target = table.offset + to * size;
        int from = y.offset + m * size;
        for (int e = 0; e < size; e++) {
            table.array[target + e] += y.array[from + e];
        }
    }

    /** Orders the rows by index, by counting. */
    private void sort(int rows) {
        begin = begin.length > vocabulary ? begin : new int[vocabulary + 1];
        order = order.length >= rows ? order : new int[rows];
        Arrays.fill(begin, 0, vocabulary + 1, 0);
        for (int m = 0; m < rows; m++) {
            begin[index[start + m]]++;
        }
        for (int v = 0, sum = 0; v <= vocabulary; v++) {
            sum += begin[v];
            begin[v] = sum;
        }
        for (int m = rows - 1; m >= 0; m--) {
            order[--begin[index[start + m]]] = m;
        }
    }

    @Override
    public void run(int piece) {
        int end = Math.min(vocabulary, (piece + 1) * PIECE);
        for (int v = piece * PIECE; v < end; v++) {
            int count = begin[v + 1] - begin[v];
            if (count <= SHORT) {
                for (int i = 0; i < count; i++) {
                    add(v, order[begin[v] + i]);
                }
            } else {
                sum(v, begin[v], count);
            }
        }
    }

    /** Adds many rows to one, in double. */
    private void sum(int v, int first, int count) {
        double[] sums = sumsOfThreads.borrow();
        for (int column = 0; column < size; column += COLUMNS) {
            int width = Math.min(COLUMNS, size - column);
            Arrays.fill(sums, 0, width, 0);
            for (int i = 0; i < count; i++) {
                int from = y.offset + order[first + i] * size + column;
                for (int e = 0; e < width; e++) {
                    sums[e] += y.array[from + e];
                }
            }
            for (int e = 0; e < width; e++) {
                table.array[table.offset + v * size + column + e] += (float) sums[e];
            }
        }
        sumsOfThreads.giveBack(sums);
    }
}
