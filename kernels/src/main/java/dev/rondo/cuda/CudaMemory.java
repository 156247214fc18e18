package dev.rondo.cuda;

import dev.rondo.Backend;
import dev.rondo.Tensor;
import dev.rondo.internal.Arguments;
import java.util.Arrays;

/**
 * Device memory shared with other libraries of the same process: tensors over pointers of theirs, and the pointers of
 * Rondo's own tensors. Both must belong to the primary context of the backend's device, which is where it works.
 *
 * <p>The backend's calls are queued in a stream of its own, {@link CudaStream}. So work of other streams on shared memory must be
 * finished before a call of Rondo that reads it, and {@link #synchronize} comes before other streams read what Rondo wrote.
 */
public final class CudaMemory {
    private CudaMemory() {}

    /**
     * A tensor over device memory of the caller, not copied. It must stay allocated as long as the tensor is used; closing the
     * tensor does not free it.
     *
     * @param backend a backend {@code cuda}
     * @param pointer the device address of the first element, float32, row-major; a multiple of 4
     * @param shape sizes, each at least 1
     * @return the tensor
     * @throws IllegalArgumentException if the backend is another one, the pointer is 0 or not a multiple of 4, or a size is
     *     below 1
     */
    public static Tensor wrap(Backend backend, long pointer, int... shape) {
        CudaKernels kernels = kernels(backend);
        if (pointer == 0 || pointer % Float.BYTES != 0) {
            throw new IllegalArgumentException(
                    "pointer: expected a device address that is a multiple of 4 and not 0, got 0x"
                            + Long.toHexString(pointer));
        }
        long size = Arguments.size("shape", shape);
        if (size > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("shape: expected at most " + (Integer.MAX_VALUE - 8) + " elements, got "
                    + Arrays.toString(shape) + " = " + size);
        }
        return Tensor.over(new DeviceStorage(kernels, pointer, size), shape);
    }

    /**
     * Where a tensor lies.
     *
     * @param tensor a tensor of a backend {@code cuda}
     * @return the device address of its first element
     * @throws IllegalArgumentException if it is a tensor of another backend
     * @throws IllegalStateException if it is closed
     */
    public static long pointer(Tensor tensor) {
        if (Arguments.notNull("tensor", tensor).storage() instanceof DeviceStorage storage) {
            return storage.at(tensor.offset());
        }
        throw new IllegalArgumentException("tensor: expected memory of backend cuda, got "
                + tensor.storage().getClass().getSimpleName());
    }

    /**
     * Waits until all calls so far have taken effect on the device.
     *
     * @param backend a backend {@code cuda}
     * @throws IllegalArgumentException if it is another one
     * @throws CudaException if one of them failed
     */
    public static void synchronize(Backend backend) {
        CudaContext context = kernels(backend).context();
        context.enter();
        try {
            context.synchronize("cuStreamSynchronize");
        } finally {
            context.exit();
        }
    }

    /**
     * The device memory that tensors and networks of a backend hold at present.
     *
     * @param backend a backend {@code cuda}
     * @return in bytes; without what is kept for later requests
     * @throws IllegalArgumentException if it is another one
     */
    public static long liveBytes(Backend backend) {
        CudaKernels kernels = kernels(backend);
        kernels.context().enter();
        try {
            return kernels.memory().liveBytes();
        } finally {
            kernels.context().exit();
        }
    }

    static CudaKernels kernels(Backend backend) {
        if (Arguments.notNull("backend", backend).kernels() instanceof CudaKernels kernels) {
            return kernels;
        }
        throw new IllegalArgumentException("backend: expected cuda, got " + backend.name());
    }
}
