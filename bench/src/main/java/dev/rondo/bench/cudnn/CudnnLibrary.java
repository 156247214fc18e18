package dev.rondo.bench.cudnn;

import dev.rondo.cuda.CudaProbe;
import dev.rondo.cuda.JCudaNatives;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import jcuda.jcudnn.JCudnn;
import org.jspecify.annotations.Nullable;

/**
 * The library cuDNN 9 and JCuda's native for it, loaded once per JVM, or the reason why there is none.
 *
 * <p>cuDNN 9 is several libraries. The one that programs are linked to loads the others at the first call, and ends the process if
 * one is missing; so they are looked for before.
 */
public final class CudnnLibrary {
    /** The system property that names the library, or its folder; no other is tried then. */
    static final String PATH_PROPERTY = "rondo.cuda.cudnn";

    private static final String NAME = "libcudnn.so.9";
    /** What recurrent networks need. */
    private static final List<String> PARTS = List.of("libcudnn_graph.so.9", "libcudnn_ops.so.9", "libcudnn_adv.so.9");

    private static final Path MAPS = Path.of("/proc/self/maps");

    private final String source;
    private final @Nullable String reason;

    private CudnnLibrary(String source, @Nullable String reason) {
        this.source = source;
        this.reason = reason;
    }

    private static final class Holder {
        private static final CudnnLibrary LOADED = load();

        private Holder() {}
    }

    /** Looks for the library when it is asked for the first time. */
    public static CudnnLibrary get() {
        return Holder.LOADED;
    }

    /** Why it cannot be used; empty if it can. */
    public Optional<String> absent() {
        return Optional.ofNullable(reason);
    }

    /** The file that was loaded; empty if it cannot be used. */
    String source() {
        return source;
    }

    /** Its version, such as 9.5.0; empty if it cannot be used. */
    String version() {
        if (reason != null) {
            return "";
        }
        long version = JCudnn.cudnnGetVersion();
        return version / 10000 + "." + version % 10000 / 100 + "." + version % 100;
    }

    /** What there is, for people: version and file, or why there is none; on the emulator, that it is no cuDNN. */
    public String text() {
        if (reason != null) {
            return "absent: " + reason;
        }
        CudaProbe.Device device = CudaProbe.probe().device();
        return (device != null && device.emulated() ? "a stand-in for " : "") + version() + ", " + source;
    }

    private static CudnnLibrary load() {
        String[] source = {""};
        Throwable failure = JCudaNatives.load("jcuda.jcudnn.JCudnn", folder -> source[0] = find(folder));
        return failure == null ? new CudnnLibrary(source[0], null) : new CudnnLibrary("", JCudaNatives.reason(failure));
    }

    /** Loads what JCuda's class needs, and says where cuDNN comes from. */
    private static String find(Path folder) throws IOException {
        String named = System.getProperty(PATH_PROPERTY);
        if (named != null) {
            return loadNamed(Path.of(named));
        }
        try {
            System.load(JCudaNatives.file("JCudnn", folder).toString());
        } catch (UnsatisfiedLinkError e) {
            if (!String.valueOf(e.getMessage()).contains(NAME)) {
                throw e;
            }
            return loadFirst(JCudaNatives.candidates(NAME));
        }
        return whole(loaded()).toString();
    }

    private static String loadNamed(Path named) throws IOException {
        Path file = Files.isDirectory(named) ? named.resolve(NAME) : named;
        if (!Files.isRegularFile(file) || !file.getFileName().toString().startsWith(NAME)) {
            throw new IOException(PATH_PROPERTY + ": expected " + NAME + ", or a folder with it, got " + named);
        }
        return load(file.toAbsolutePath());
    }

    private static String loadFirst(List<Path> candidates) throws IOException {
        List<String> failures = new ArrayList<>();
        for (Path candidate : candidates) {
            try {
                return load(candidate);
            } catch (IOException | UnsatisfiedLinkError e) {
                failures.add(e.getMessage());
            }
        }
        throw new IOException(
                failures.isEmpty()
                        ? NAME + " is not known to the loader nor in the folders of CUDA; -D" + PATH_PROPERTY
                                + "=FOLDER names another"
                        : String.join("; ", failures));
    }

    private static String load(Path file) throws IOException {
        System.load(whole(file).toString());
        return file.toString();
    }

    /** The file, if the other libraries of cuDNN lie beside it, and can be loaded with all that they need themselves. */
    private static Path whole(Path file) throws IOException {
        List<String> missing = PARTS.stream()
                .filter(part -> !Files.isRegularFile(file.resolveSibling(part)))
                .toList();
        if (!missing.isEmpty()) {
            throw new IOException(
                    file + " would end the process: beside it there is no " + String.join(" and no ", missing));
        }
        for (String part : PARTS) {
            System.load(file.resolveSibling(part).toString());
        }
        return file;
    }

    /** Where the loader found it. */
    private static Path loaded() throws IOException {
        try (Stream<String> maps = Files.lines(MAPS)) {
            return maps.filter(line -> line.contains("/" + NAME))
                    .findFirst()
                    .map(line -> Path.of(line.substring(line.indexOf('/'))))
                    .orElseThrow(() ->
                            new IOException("the loader found " + NAME + ", but " + MAPS + " does not say where"));
        }
    }
}
