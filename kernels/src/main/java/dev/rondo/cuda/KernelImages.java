package dev.rondo.cuda;

import dev.rondo.BackendException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import jcuda.driver.CUfunction;
import jcuda.driver.CUmodule;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/**
 * The images of the kernels, which are made by {@code kernels/build-cuda}: for each source file machine code for the devices
 * known then, and PTX for newer devices and for drivers that do not take that machine code. A file is loaded when the first
 * of its kernels is launched.
 */
final class KernelImages {
    /** The system property with a folder to take images from, instead of the jar. */
    static final String FOLDER_PROPERTY = "rondo.cuda.images";

    private static final int FATBIN_MAGIC = 0xba55ed50;
    private static final int FATBIN_HEADER = 16;
    private static final int FATBIN_HEADER_SIZE_AT = 6;
    private static final int FATBIN_SIZE_AT = 8;

    private static final Pattern NVCC = Pattern.compile("\"nvcc\": \"([^\"]*)\"");
    private static final Pattern CAPABILITIES = Pattern.compile("\"capabilities\": \\[([0-9, ]*)]");

    private final CudaContext context;
    private final Map<String, CUmodule> modules = new HashMap<>();
    private final Map<Kernel, CUfunction> functions = new EnumMap<>(Kernel.class);

    KernelImages(CudaContext context) {
        this.context = context;
    }

    /** Whether there are images. */
    static boolean present() {
        try {
            return read(Kernel.LSTM_FORWARD.file() + ".ptx") != null;
        } catch (IOException e) {
            return false;
        }
    }

    /** What there is, from the manifest that the build writes. */
    static String text() {
        try {
            if (!present()) {
                return "none: nvcc was not used when this was built (bench/rondo uses it where there is a CUDA driver, or with NVCC=nvcc)";
            }
            byte[] bytes = read("manifest.json");
            if (bytes == null) {
                return "PTX without a manifest, as the emulator has it";
            }
            String manifest = new String(bytes, StandardCharsets.UTF_8);
            String machineCode = read(Kernel.LSTM_FORWARD.file() + ".fatbin") == null
                    ? "PTX"
                    : "machine code for compute capability " + found(CAPABILITIES, manifest) + ", and PTX";
            return machineCode + ", by nvcc " + found(NVCC, manifest);
        } catch (IOException e) {
            return "cannot be read: " + e.getMessage();
        }
    }

    private static String found(Pattern pattern, String manifest) {
        Matcher matcher = pattern.matcher(manifest);
        return matcher.find() ? matcher.group(1) : "unknown";
    }

    /** The function of a kernel; the context is current. */
    CUfunction function(Kernel kernel) {
        CUfunction function = functions.get(kernel);
        if (function == null) {
            CUmodule module = modules.get(kernel.file());
            if (module == null) {
                module = load(kernel.file());
                modules.put(kernel.file(), module);
            }
            function = new CUfunction();
            context.check(
                    JCudaDriver.cuModuleGetFunction(function, module, kernel.symbol()),
                    "cuModuleGetFunction for " + kernel.symbol());
            functions.put(kernel, function);
        }
        return function;
    }

    private CUmodule load(String file) {
        CUmodule module = new CUmodule();
        try {
            byte[] machineCode = read(file + ".fatbin");
            if (machineCode != null) {
                requireWhole(file, machineCode);
            }
            int first = machineCode == null ? Status.SUCCESS : JCudaDriver.cuModuleLoadData(module, machineCode);
            if (machineCode != null && first == Status.SUCCESS) {
                return module;
            }
            if (Status.isFatal(first) || first == Status.OUT_OF_MEMORY) {
                throw context.failed(first, "cuModuleLoadData for the kernels of " + file);
            }
            byte[] ptx = read(file + ".ptx");
            if (ptx == null) {
                throw new IOException("no image " + file + ".ptx");
            }
            // The driver reads PTX up to a zero.
            int second = JCudaDriver.cuModuleLoadData(module, Arrays.copyOf(ptx, ptx.length + 1));
            context.check(
                    second,
                    "cuModuleLoadData for the kernels of " + file
                            + (machineCode == null ? "" : ", as machine code: " + Status.text(first)) + ", as PTX");
            return module;
        } catch (IOException e) {
            throw new BackendException("the kernels of " + file + " cannot be loaded: " + e.getMessage(), e);
        }
    }

    /** The driver is not told how long machine code is, and would read past the end of a file that was cut off. */
    private static void requireWhole(String file, byte[] machineCode) throws IOException {
        ByteBuffer bytes = ByteBuffer.wrap(machineCode).order(ByteOrder.LITTLE_ENDIAN);
        if (machineCode.length < FATBIN_HEADER || bytes.getInt(0) != FATBIN_MAGIC) {
            throw new IOException(file + ".fatbin: expected a fatbin, got " + machineCode.length + " other bytes");
        }
        long expected = bytes.getShort(FATBIN_HEADER_SIZE_AT) + bytes.getLong(FATBIN_SIZE_AT);
        if (expected != machineCode.length) {
            throw new IOException(
                    file + ".fatbin: expected " + expected + " bytes by its header, got " + machineCode.length);
        }
    }

    private static byte @Nullable [] read(String name) throws IOException {
        String folder = System.getProperty(FOLDER_PROPERTY);
        if (folder != null) {
            Path file = Path.of(folder, name);
            return Files.exists(file) ? Files.readAllBytes(file) : null;
        }
        try (InputStream in = KernelImages.class.getResourceAsStream("kernels/" + name)) {
            return in == null ? null : in.readAllBytes();
        }
    }

    /** Unloads all; the context is current. Statuses do not matter any more. */
    void close() {
        modules.values().forEach(JCudaDriver::cuModuleUnload);
        modules.clear();
        functions.clear();
    }
}
