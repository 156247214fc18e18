package dev.rondo.cuda;

import dev.rondo.Precision;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * What this machine has for the CUDA backend, or why it cannot be used. Looking never throws.
 *
 * @param reason why the backend cannot be used; {@link Reason#NONE} if it can
 * @param detail one sentence for people: what was found, what is needed, the cure where there is one; the device if there is
 *     no reason
 * @param driverVersion version of the driver as CUDA counts, 12040 for 12.4; 0 if there is none
 * @param device the device, or null
 */
public record CudaProbe(
        Reason reason,
        String detail,
        int driverVersion,
        @Nullable Device device) {
    /** Why the backend cannot be used. */
    public enum Reason {
        /** It can. */
        NONE,
        /** JCuda has no native library for this operating system and processor, or it cannot be loaded. */
        NATIVES_MISSING,
        /** There is no CUDA driver library. */
        NO_DRIVER,
        /** The driver does not start. */
        DRIVER_FAILED,
        /** The driver is older than the kernels need. */
        DRIVER_TOO_OLD,
        /** There is no CUDA device, or none of the number that was asked for. */
        NO_DEVICE,
        /** The device is older than the kernels need. */
        DEVICE_TOO_OLD,
        /** The device is the emulator of the tests, and its use was not allowed. */
        EMULATED,
        /** The jar was built without nvcc and holds no kernels. */
        BUILT_WITHOUT_NVCC
    }

    /**
     * A device.
     *
     * @param name its name
     * @param capability compute capability times ten, 90 for 9.0
     * @param multiprocessors number of multiprocessors
     * @param clockMegahertz the highest clock of the multiprocessors
     * @param memoryBytes size of its memory
     * @param emulated whether it is the emulator of the tests, and no GPU
     */
    public record Device(
            String name, int capability, int multiprocessors, int clockMegahertz, long memoryBytes, boolean emulated) {
        /**
         * The precisions of matrix products that this device can compute.
         *
         * @return all, or before compute capability 8.0 float32 alone
         */
        public List<Precision> precisions() {
            return capability >= ProductKernels.MIN_TENSOR_CAPABILITY
                    ? List.of(Precision.values())
                    : List.of(Precision.FP32);
        }

        @Override
        public String toString() {
            return String.format(
                    Locale.ROOT,
                    "%s, compute capability %d.%d, %d multiprocessors, %.1f GiB",
                    name,
                    capability / 10,
                    capability % 10,
                    multiprocessors,
                    memoryBytes / 0x1p30);
        }
    }

    /** The oldest driver that takes the kernels: CUDA 12.0. */
    static final int MIN_DRIVER = 12000;

    /** The oldest device that the kernels are made for: 7.5, Turing. */
    static final int MIN_CAPABILITY = 75;

    /** The system property that allows the emulator, with the value {@code allow}. */
    static final String EMULATOR_PROPERTY = "rondo.cuda.emulator";

    private static final String EMULATOR_NAME = "Rondo emulator (no GPU)";

    /**
     * Looks at the first device.
     *
     * @return what is there
     */
    public static CudaProbe probe() {
        return probe(0);
    }

    /**
     * Looks at a device.
     *
     * @param number its number, from 0, as the driver counts them
     * @return what is there
     */
    public static CudaProbe probe(int number) {
        try {
            return look(number);
        } catch (RuntimeException | LinkageError e) {
            return absent(Reason.DRIVER_FAILED, "the driver failed: " + e, 0);
        }
    }

    private static CudaProbe look(int number) {
        Throwable failure = JCudaNatives.Driver.failure();
        if (failure != null) {
            return notLoaded(failure);
        }
        int status = JCudaDriver.cuInit(0);
        int[] version = new int[1];
        JCudaDriver.cuDriverGetVersion(version);
        if (status == Status.NO_DEVICE) {
            return absent(Reason.NO_DEVICE, "no CUDA device: " + Status.text(status), version[0]);
        }
        if (status != Status.SUCCESS) {
            return absent(Reason.DRIVER_FAILED, "the CUDA driver does not start: " + Status.text(status), version[0]);
        }
        if (version[0] < MIN_DRIVER) {
            return absent(
                    Reason.DRIVER_TOO_OLD,
                    "the CUDA driver is too old: expected one for CUDA " + versionText(MIN_DRIVER)
                            + " or newer (Linux: 525), got one for CUDA " + versionText(version[0]),
                    version[0]);
        }
        int[] count = new int[1];
        Status.check(JCudaDriver.cuDeviceGetCount(count), "cuDeviceGetCount");
        if (count[0] == 0) {
            return absent(Reason.NO_DEVICE, "no CUDA device", version[0]);
        }
        if (number < 0 || number >= count[0]) {
            return absent(
                    Reason.NO_DEVICE,
                    "device: expected 0 to " + (count[0] - 1) + ", of the CUDA devices of this machine, got " + number,
                    version[0]);
        }
        return lookAt(device(number), version[0]);
    }

    /** The first device that can be used, where there are several; otherwise the first one. */
    static CudaProbe any() {
        CudaProbe first = probe(0);
        CudaProbe next = first;
        for (int number = 1; !next.isUsable() && next.device != null; number++) {
            next = probe(number);
        }
        return next.isUsable() ? next : first;
    }

    /** The device of a number. */
    static CUdevice device(int ordinal) {
        CUdevice device = new CUdevice();
        Status.check(JCudaDriver.cuDeviceGet(device, ordinal), "cuDeviceGet");
        return device;
    }

    private static CudaProbe lookAt(CUdevice handle, int version) {
        byte[] name = new byte[256];
        long[] bytes = new long[1];
        Status.check(JCudaDriver.cuDeviceGetName(name, name.length, handle), "cuDeviceGetName");
        Status.check(JCudaDriver.cuDeviceTotalMem(bytes, handle), "cuDeviceTotalMem");
        int end = 0;
        while (end < name.length && name[end] != 0) {
            end++;
        }
        String text = new String(name, 0, end, StandardCharsets.UTF_8);
        int capability = 10 * attribute(handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR)
                + attribute(handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR);
        int multiprocessors = attribute(handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_MULTIPROCESSOR_COUNT);
        int clock = attribute(handle, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_CLOCK_RATE) / 1000;
        boolean emulated = text.startsWith(EMULATOR_NAME);
        Device device = new Device(text, capability, multiprocessors, clock, bytes[0], emulated);
        Reason reason = Reason.NONE;
        String detail = device.toString();
        if (capability < MIN_CAPABILITY) {
            reason = Reason.DEVICE_TOO_OLD;
            detail = "the device is too old: expected compute capability 7.5 or newer, got " + device;
        } else if (emulated && !isEmulatorAllowed()) {
            reason = Reason.EMULATED;
            detail = "the device is an emulator, which computes slowly on the CPU and is for tests; allow it with -D"
                    + EMULATOR_PROPERTY + "=allow";
        } else if (!KernelImages.present()) {
            reason = Reason.BUILT_WITHOUT_NVCC;
            detail =
                    "built without nvcc: the jar holds no kernels; build it with CUDA's nvcc (NVCC=nvcc bench/rondo ... does)";
        }
        return new CudaProbe(reason, detail, version, device);
    }

    private static CudaProbe notLoaded(Throwable failure) {
        String text = String.valueOf(failure.getMessage());
        if (text.contains("libcuda.so.1") || text.contains("nvcuda.dll") || text.contains("dependent libraries")) {
            return absent(
                    Reason.NO_DRIVER, "no CUDA driver: its library (libcuda.so.1, nvcuda.dll) cannot be loaded", 0);
        }
        String firstLine = text.lines().findFirst().orElse(text);
        return absent(
                Reason.NATIVES_MISSING,
                "JCuda's native library for " + System.getProperty("os.name") + " on " + System.getProperty("os.arch")
                        + " is missing or cannot be loaded: " + firstLine,
                0);
    }

    private static CudaProbe absent(Reason reason, String detail, int version) {
        return new CudaProbe(reason, detail, version, null);
    }

    /** An attribute of a device. */
    static int attribute(CUdevice device, int attribute) {
        int[] value = new int[1];
        Status.check(JCudaDriver.cuDeviceGetAttribute(value, attribute, device), "cuDeviceGetAttribute " + attribute);
        return value[0];
    }

    /** Whether tests have allowed the emulator. */
    static boolean isEmulatorAllowed() {
        return "allow".equals(System.getProperty(EMULATOR_PROPERTY));
    }

    /** Such as 12.4 for 12040. */
    static String versionText(int version) {
        return version / 1000 + "." + version % 1000 / 10;
    }

    /**
     * Whether the backend can be used.
     *
     * @return true if there is no reason against it
     */
    public boolean isUsable() {
        return reason == Reason.NONE;
    }

    /** The reason for {@link dev.rondo.spi.BackendProvider#unavailable()}. */
    Optional<String> unavailable() {
        return isUsable() ? Optional.empty() : Optional.of(detail);
    }
}
