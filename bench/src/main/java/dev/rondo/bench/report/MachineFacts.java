package dev.rondo.bench.report;

import dev.rondo.Backend;
import dev.rondo.BackendAvailability;
import dev.rondo.BackendException;
import dev.rondo.bench.cli.RondoVersion;
import dev.rondo.cuda.CudaSetup;
import dev.rondo.cuda.JCudaNatives;
import java.lang.module.ModuleFinder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What matters to Rondo on this machine.
 *
 * @param rondo version of Rondo
 * @param java version of the JDK
 * @param vendor vendor of the JDK
 * @param vm name of the virtual machine
 * @param system operating system with its release
 * @param architecture architecture of the JVM
 * @param cores cores that the JVM may use
 * @param maxHeap largest heap in bytes
 * @param vectorModule where the module of the Vector API is
 * @param backends what each backend on the class path is, or why it cannot be used
 * @param cuda what backend {@code cuda} works with
 * @param cudaDriver the library of NVIDIA's driver, not loaded
 * @param nvcc the CUDA compiler
 * @param gxx the C++ compiler that nvcc calls
 */
public record MachineFacts(
        String rondo,
        String java,
        String vendor,
        String vm,
        String system,
        String architecture,
        int cores,
        long maxHeap,
        VectorModule vectorModule,
        List<BackendFact> backends,
        CudaSetup cuda,
        Optional<Path> cudaDriver,
        Optional<Path> nvcc,
        Optional<Path> gxx) {

    /** Where the module {@code jdk.incubator.vector} is. */
    public enum VectorModule {
        /** It is part of the running JVM. */
        ON,
        /** The JDK has it, the JVM was started without it. */
        OFF,
        /** The JDK does not have it. */
        ABSENT
    }

    /** A backend: its description if it can be used, else the reason. */
    public record BackendFact(String name, boolean available, String text) {}

    private static final String VECTOR_MODULE = "jdk.incubator.vector";

    /** Looks around, and opens each backend that can be used. */
    public static MachineFacts collect() {
        Map<String, String> environment = System.getenv();
        return new MachineFacts(
                RondoVersion.number(),
                System.getProperty("java.version"),
                System.getProperty("java.vendor"),
                System.getProperty("java.vm.name"),
                System.getProperty("os.name") + " " + System.getProperty("os.version"),
                System.getProperty("os.arch"),
                Runtime.getRuntime().availableProcessors(),
                Runtime.getRuntime().maxMemory(),
                findVectorModule(),
                Backend.available().stream().map(MachineFacts::fact).toList(),
                CudaSetup.look(),
                find(List.of("libcuda.so.1", "nvcuda.dll"), libraryFolders(environment)),
                find(List.of("nvcc", "nvcc.exe"), nvccFolders(environment)),
                find(List.of("g++", "g++.exe"), JCudaNatives.folders(environment.get("PATH"))));
    }

    private static VectorModule findVectorModule() {
        if (ModuleLayer.boot().findModule(VECTOR_MODULE).isPresent()) {
            return VectorModule.ON;
        }
        return ModuleFinder.ofSystem().find(VECTOR_MODULE).isPresent() ? VectorModule.OFF : VectorModule.ABSENT;
    }

    private static BackendFact fact(BackendAvailability backend) {
        if (backend.reason().isPresent()) {
            return new BackendFact(backend.name(), false, backend.reason().get());
        }
        try (Backend opened = Backend.named(backend.name())) {
            return new BackendFact(backend.name(), true, opened.description());
        } catch (BackendException e) {
            return new BackendFact(backend.name(), false, "cannot be opened: " + e.getMessage());
        }
    }

    private static List<Path> libraryFolders(Map<String, String> environment) {
        List<Path> folders = new ArrayList<>(JCudaNatives.folders(System.getProperty("java.library.path")));
        folders.addAll(JCudaNatives.folders(environment.get("LD_LIBRARY_PATH")));
        String usual = "/usr/lib/x86_64-linux-gnu:/usr/lib/aarch64-linux-gnu:/usr/lib64:/lib64:/usr/lib:/lib"
                + ":/usr/lib/wsl/lib:/usr/local/nvidia/lib64:/run/opengl-driver/lib";
        for (String folder : usual.split(":")) {
            folders.add(Path.of(folder));
        }
        return folders;
    }

    private static List<Path> nvccFolders(Map<String, String> environment) {
        List<Path> folders = new ArrayList<>();
        for (String variable : List.of("CUDA_HOME", "CUDA_PATH")) {
            JCudaNatives.folders(environment.get(variable)).forEach(folder -> folders.add(folder.resolve("bin")));
        }
        folders.addAll(JCudaNatives.folders(environment.get("PATH")));
        folders.add(Path.of("/usr/local/cuda/bin"));
        return folders;
    }

    /** The first file of one of the names, folder by folder. */
    public static Optional<Path> find(List<String> names, List<Path> folders) {
        return folders.stream()
                .flatMap(folder -> names.stream().map(folder::resolve))
                .filter(Files::isRegularFile)
                .findFirst();
    }
}
