package dev.rondo.cuda;

import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;

/**
 * What decides which kernels a device can run.
 *
 * @param name of the device
 * @param capability compute capability times ten
 * @param multiprocessors number of multiprocessors
 * @param sharedBytes shared memory that a block can ask for
 * @param cooperative whether a grid can be launched that is resident as a whole
 * @param emulated whether it is the emulator, on which measured times mean nothing
 */
record DeviceLimits(
        String name, int capability, int multiprocessors, int sharedBytes, boolean cooperative, boolean emulated) {
    static DeviceLimits of(CUdevice handle, CudaProbe.Device device) {
        return new DeviceLimits(
                device.name(),
                device.capability(),
                device.multiprocessors(),
                CudaProbe.attribute(handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MAX_SHARED_MEMORY_PER_BLOCK_OPTIN),
                CudaProbe.attribute(handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COOPERATIVE_LAUNCH) != 0,
                device.emulated());
    }

    /** Whether it has clusters of blocks. */
    boolean hasClusters() {
        return capability >= 90;
    }
}
