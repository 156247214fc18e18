package dev.rondo.cuda;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * The library cuBLAS and JCuda's native for it, loaded once per JVM, or the reason why there is none.
 *
 * <p>JCuda's native asks the loader for {@code libcublas.so.12}. It is satisfied by a library of that name that the JVM has loaded
 * before, so what the loader does not find by itself is looked for in the usual folders. CUDA 13 has {@code libcublas.so.13}
 * instead: then comes a library of our own between the two, the forwarder, which has the old name and calls the new one.
 */
final class CublasLibrary {
    /** The system property that names the library, or its folder; no other is tried then. */
    static final String PATH_PROPERTY = "rondo.cuda.cublas";

    private static final String CUDA_12 = "libcublas.so.12";
    private static final String CUDA_13 = "libcublas.so.13";
    private static final String FORWARDER = "libcublas-forwarder.so";

    private final String source;
    private final @Nullable String reason;

    private CublasLibrary(String source, @Nullable String reason) {
        this.source = source;
        this.reason = reason;
    }

    private static final class Holder {
        private static final CublasLibrary LOADED = load();

        private Holder() {}
    }

    /** Looks for the library when it is asked for the first time. */
    static CublasLibrary get() {
        return Holder.LOADED;
    }

    /** Why it cannot be used; empty if it can. */
    Optional<String> absent() {
        return Optional.ofNullable(reason);
    }

    /** What was loaded: a name that the loader knows, or a path; empty if it cannot be used. */
    String source() {
        return source;
    }

    private static CublasLibrary load() {
        String[] source = {""};
        Throwable failure = JCudaNatives.load("jcuda.jcublas.JCublas2", folder -> source[0] = find(folder));
        if (failure == null) {
            return new CublasLibrary(source[0], null);
        }
        return new CublasLibrary("", JCudaNatives.reason(failure));
    }

    /**
     * Loads all that JCuda's class needs.
     *
     * @param folder private, where JCuda looks for its native before it unpacks it
     * @return where cuBLAS comes from
     */
    private static String find(Path folder) throws IOException {
        Path jcublas = JCudaNatives.file("JCublas2", folder);
        String named = System.getProperty(PATH_PROPERTY);
        if (named != null) {
            return loadNamed(Path.of(named), jcublas, folder);
        }
        UnsatisfiedLinkError failure = JCudaNatives.tryLoad(jcublas);
        if (failure == null) {
            return CUDA_12;
        }
        if (!String.valueOf(failure.getMessage()).contains(CUDA_12)) {
            throw failure;
        }
        List<String> failures = new ArrayList<>();
        for (String name : List.of(CUDA_12, CUDA_13)) {
            if (name.equals(CUDA_13) && JCudaNatives.tryLoad(forwarder(folder)) == null) {
                System.load(jcublas.toString());
                return CUDA_13;
            }
            for (Path candidate : JCudaNatives.candidates(name)) {
                try {
                    return load(candidate, jcublas, folder);
                } catch (UnsatisfiedLinkError e) {
                    failures.add(e.getMessage());
                }
            }
        }
        throw new IOException(
                failures.isEmpty()
                        ? "neither " + CUDA_12 + " nor " + CUDA_13
                                + " is known to the loader or in the folders of CUDA; -D" + PATH_PROPERTY
                                + "=FOLDER names another"
                        : String.join("; ", failures));
    }

    private static String loadNamed(Path named, Path jcublas, Path folder) throws IOException {
        for (String name : List.of(CUDA_12, CUDA_13)) {
            Path file = Files.isDirectory(named) ? named.resolve(name) : named;
            if (Files.isRegularFile(file) && file.getFileName().toString().startsWith(name)) {
                return load(file.toAbsolutePath(), jcublas, folder);
            }
        }
        throw new IOException(
                PATH_PROPERTY + ": expected " + CUDA_12 + " or " + CUDA_13 + ", or a folder with one, got " + named);
    }

    /** Loads a file with cuBLAS, the library beside it that it needs, and what comes above. */
    private static String load(Path cublas, Path jcublas, Path folder) throws IOException {
        String name = cublas.getFileName().toString();
        Path light = cublas.resolveSibling(name.replace("libcublas", "libcublasLt"));
        if (Files.isRegularFile(light)) {
            System.load(light.toString());
        }
        System.load(cublas.toString());
        if (name.startsWith(CUDA_13)) {
            System.load(forwarder(folder).toString());
        }
        System.load(jcublas.toString());
        return cublas.toString();
    }

    private static Path forwarder(Path folder) throws IOException {
        Path file = folder.resolve(FORWARDER);
        return Files.exists(file)
                ? file
                : JCudaNatives.unpacked(
                        FORWARDER,
                        CUDA_12 + " was not found, and for " + CUDA_13 + " the jar would have to be built with g++",
                        file);
    }
}
