package dev.rondo.bench.cudnn;

import dev.rondo.Tensor;
import dev.rondo.cuda.CudaMemory;
import dev.rondo.cuda.CudaStream;
import jcuda.Pointer;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.JCudaDriver;

/** An array on the device, of float32 or bfloat16, that one layer of cuDNN works on; perhaps without elements. */
final class CudnnMemory {
    private final Object layer;
    private final CudaStream stream;
    private final int elementBytes;
    final CUdeviceptr pointer;
    final long address;
    final long bytes;

    /** An array without elements, whose pointer is null. */
    CudnnMemory(Object layer, CudaStream stream, int elementBytes) {
        this(layer, stream, elementBytes, 0, 0);
    }

    /** An array of so many bytes at the beginning of a tensor of the device. */
    CudnnMemory(Object layer, CudaStream stream, int elementBytes, Tensor tensor, long bytes) {
        this(layer, stream, elementBytes, CudaMemory.pointer(tensor), bytes);
    }

    private CudnnMemory(Object layer, CudaStream stream, int elementBytes, long address, long bytes) {
        this.layer = layer;
        this.stream = stream;
        this.elementBytes = elementBytes;
        this.pointer = address == 0 ? new CUdeviceptr() : new CUdeviceptr().withByteOffset(address);
        this.address = address;
        this.bytes = bytes;
    }

    int elements() {
        return Math.toIntExact(bytes / elementBytes);
    }

    void write(float[] values) {
        if (values.length != elements()) {
            throw new IllegalArgumentException("values: expected " + elements() + " elements, got " + values.length);
        }
        Pointer source = Pointer.to(values);
        if (elementBytes == Short.BYTES) {
            short[] bits = new short[values.length];
            for (int i = 0; i < bits.length; i++) {
                bits[i] = bfloat16(values[i]);
            }
            source = Pointer.to(bits);
        }
        copy(JCudaDriver::cuMemcpyHtoD, pointer, source);
    }

    float[] read() {
        float[] values = new float[elements()];
        if (bytes == 0) {
            return values;
        }
        if (elementBytes == Float.BYTES) {
            copy(JCudaDriver::cuMemcpyDtoH, Pointer.to(values), pointer);
            return values;
        }
        short[] bits = new short[values.length];
        copy(JCudaDriver::cuMemcpyDtoH, Pointer.to(bits), pointer);
        for (int i = 0; i < bits.length; i++) {
            values[i] = Float.intBitsToFloat(bits[i] << 16);
        }
        return values;
    }

    /** Queues that all of it becomes zero. */
    void clear() {
        stream.with(() -> {
            check(JCudaDriver.cuMemsetD8Async(pointer, (byte) 0, bytes, stream.handle()), "cuMemsetD8Async");
            return null;
        });
    }

    @FunctionalInterface
    private interface Copy<T, S> {
        int of(T target, S source, long bytes);
    }

    /** Between two waits: the copy is in another stream, and may return before it has come to its end. */
    private <T, S> void copy(Copy<T, S> copy, T target, S source) {
        stream.with(() -> {
            check(JCudaDriver.cuStreamSynchronize(stream.handle()), "cuStreamSynchronize");
            check(copy.of(target, source, bytes), "a copy of " + bytes + " bytes");
            check(JCudaDriver.cuCtxSynchronize(), "cuCtxSynchronize");
            return null;
        });
    }

    private void check(int status, String what) {
        CudnnStatus.checkDriver(status, what, layer);
    }

    /** The nearest number of bfloat16, ties to even. */
    private static short bfloat16(float value) {
        int bits = Float.floatToIntBits(value);
        return Float.isNaN(value) ? (short) 0x7fc0 : (short) ((bits + 0x7fff + (bits >>> 16 & 1)) >>> 16);
    }
}
