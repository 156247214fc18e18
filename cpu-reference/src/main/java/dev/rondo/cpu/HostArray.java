package dev.rondo.cpu;

import dev.rondo.Tensor;
import dev.rondo.internal.FloatArrayStorage;

/**
 * The elements of a tensor as an array: its own where it stands on one, else a copy that can be written back. Kept from call
 * to call, so that nothing is allocated once warm; between calls it holds nothing of the caller's.
 */
final class HostArray {
    private static final float[] NONE = new float[0];

    private float[] copy = NONE;
    float[] array = NONE;
    int offset;

    /** Gives access for reading and writing; {@link #writeBack} is due after writing. */
    void open(Tensor tensor) {
        if (tensor.storage() instanceof CpuStorage own) {
            array = own.array();
            offset = tensor.offset();
        } else if (tensor.storage() instanceof FloatArrayStorage wrapped) {
            array = wrapped.array();
            offset = tensor.offset();
        } else {
            int size = tensor.size();
            if (copy.length < size) {
                copy = Sizes.floats("copy of a buffer", 1, 1, size);
            }
            tensor.storage().read(tensor.offset(), copy, 0, size);
            array = copy;
            offset = 0;
        }
    }

    /** Writes a copy back to where it came from, and lets the storage know that it was written. */
    void writeBack(Tensor tensor) {
        if (array == copy) {
            tensor.storage().write(tensor.offset(), copy, 0, tensor.size());
        } else {
            tensor.storage().changed();
        }
    }

    /** Lets go of the tensor. */
    void close() {
        array = NONE;
    }

    /** Lets go of the tensor and of the copy: for what is seldom read. */
    void forget() {
        array = NONE;
        copy = NONE;
    }
}
