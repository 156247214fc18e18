package dev.rondo.cpu;

import dev.rondo.IntTensor;
import dev.rondo.internal.IntArrayStorage;
import org.jspecify.annotations.Nullable;

/** The valid steps of the rows of a batch, checked. */
final class RowLengths {
    private static final int[] NONE = new int[0];

    private int[] array = NONE;
    private int offset;
    private int all;
    private boolean given;

    /** Takes the lengths of a call; null for all steps everywhere. */
    void open(@Nullable IntTensor lengths, int batch, int steps) {
        all = steps;
        given = lengths != null;
        if (lengths == null) {
            return;
        }
        array = ((IntArrayStorage) lengths.storage()).array();
        offset = lengths.offset();
        for (int n = 0; n < batch; n++) {
            int length = array[offset + n];
            if (length < 0 || length > steps) {
                throw new IllegalArgumentException("lengths[" + n + "]: expected 0 to " + steps + ", got " + length);
            }
        }
    }

    int of(int n) {
        return given ? array[offset + n] : all;
    }

    /** Lets go of the caller's array. */
    void close() {
        array = NONE;
    }
}
