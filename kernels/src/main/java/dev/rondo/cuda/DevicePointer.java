package dev.rondo.cuda;

import jcuda.driver.CUdeviceptr;

/** A device pointer whose address can be read: JCuda keeps it to itself. */
final class DevicePointer extends CUdeviceptr {
    /** The address that JCuda wrote into this. */
    long address() {
        return getNativePointer() + getByteOffset();
    }

    /** A pointer to an address. */
    static CUdeviceptr to(long address) {
        return new CUdeviceptr().withByteOffset(address);
    }
}
