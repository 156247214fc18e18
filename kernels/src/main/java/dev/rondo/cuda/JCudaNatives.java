package dev.rondo.cuda;

import java.io.File;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import jcuda.JCudaVersion;
import jcuda.LibUtils;
import org.jspecify.annotations.Nullable;

/**
 * Loads native parts of JCuda, each once per JVM, and says where the libraries of CUDA that they need may be.
 *
 * <p>JCuda unpacks its natives under a fixed name into {@code java.io.tmpdir}, takes a file that is already there for its own,
 * and leaves it behind. So a half-written file of another JVM, or one that somebody else put there, would be loaded. Here
 * that folder is a fresh private one while JCuda's classes are initialised, and what was unpacked is deleted after it has
 * been loaded. Natives in {@code java.library.path} take precedence, as always with JCuda.
 */
public final class JCudaNatives {
    private static final String TMPDIR = "java.io.tmpdir";

    private JCudaNatives() {}

    /** The driver API's native; the failure is remembered, since a second try could only say that the class is broken. */
    static final class Driver {
        private static final @Nullable Throwable FAILURE = load("jcuda.driver.JCudaDriver", folder -> {});

        private Driver() {}

        /** Why it cannot be loaded; null if it is. */
        static @Nullable Throwable failure() {
            return FAILURE;
        }
    }

    /** What is done before JCuda's class is initialised. */
    @FunctionalInterface
    public interface Preparation {
        /**
         * Gets ready, such as by loading what JCuda's native needs.
         *
         * @param folder the private one, where JCuda looks for its native before it unpacks it
         * @throws IOException why it is of no use to go on
         */
        void in(Path folder) throws IOException;
    }

    /**
     * Initialises a class of JCuda, which loads its native.
     *
     * @param className the class
     * @param preparation comes before it
     * @return why it cannot be loaded; null if it is
     */
    public static synchronized @Nullable Throwable load(String className, Preparation preparation) {
        Path folder;
        try {
            folder = Files.createTempDirectory("rondo-jcuda-");
            // JDK 17 keeps what it finds in the property the first time; that must not be the folder here.
            File.createTempFile("first", null, folder.toFile());
        } catch (IOException | SecurityException e) {
            return e;
        }
        String tmpdir = System.getProperty(TMPDIR);
        System.setProperty(TMPDIR, folder.toString());
        try {
            preparation.in(folder);
            Class.forName(className, true, JCudaNatives.class.getClassLoader());
            return null;
        } catch (IOException | ClassNotFoundException | LinkageError e) {
            return e;
        } finally {
            System.setProperty(TMPDIR, tmpdir);
            delete(folder);
        }
    }

    /**
     * A native of JCuda: in {@code java.library.path}, or unpacked under the name under which JCuda looks for it.
     *
     * @param name such as {@code JCublas2}
     * @param folder the private one
     * @return the file
     * @throws IOException if there is none
     */
    public static Path file(String name, Path folder) throws IOException {
        String file =
                LibUtils.createLibraryFileName(LibUtils.createPlatformLibraryName(name + "-" + JCudaVersion.get()));
        for (Path place : folders(System.getProperty("java.library.path"))) {
            if (Files.isRegularFile(place.resolve(file))) {
                return place.resolve(file).toAbsolutePath();
            }
        }
        return unpacked("/lib/" + file, "a native of JCuda is missing: " + file, folder.resolve(file));
    }

    /** Writes a resource into a file; {@code otherwise} says what it means if there is none. */
    static Path unpacked(String resource, String otherwise, Path file) throws IOException {
        try (InputStream in = JCudaNatives.class.getResourceAsStream(resource)) {
            if (in == null) {
                throw new IOException(otherwise);
            }
            Files.copy(in, file);
        }
        return file;
    }

    /**
     * The files of a name where CUDA usually is: in {@code LD_LIBRARY_PATH}, {@code CUDA_HOME/lib64}, {@code CUDA_PATH/lib64},
     * {@code /usr/local/cuda*}{@code /lib64} and the folders of the system.
     *
     * @param name such as {@code libcublas.so.12}
     * @return in the order in which they are to be tried
     * @throws IOException if a folder cannot be read
     */
    public static List<Path> candidates(String name) throws IOException {
        List<Path> folders = folders(System.getenv("LD_LIBRARY_PATH"));
        for (String variable : List.of("CUDA_HOME", "CUDA_PATH")) {
            folders(System.getenv(variable)).forEach(home -> folders.add(home.resolve("lib64")));
        }
        Path local = Path.of("/usr/local");
        if (Files.isDirectory(local)) {
            try (DirectoryStream<Path> toolkits = Files.newDirectoryStream(local, "cuda*")) {
                List<Path> found = new ArrayList<>();
                toolkits.forEach(found::add);
                found.stream().sorted().forEach(toolkit -> folders.add(toolkit.resolve("lib64")));
            }
        }
        folders.add(Path.of("/usr/lib/x86_64-linux-gnu"));
        folders.add(Path.of("/usr/lib64"));
        return folders.stream()
                .map(folder -> folder.resolve(name).toAbsolutePath())
                .filter(Files::isRegularFile)
                .distinct()
                .toList();
    }

    /**
     * The folders of a search path such as {@code LD_LIBRARY_PATH}.
     *
     * @param path names with the separator of this system between, or null for none
     * @return those that can be folders of this machine, in their order; a new list
     */
    public static List<Path> folders(@Nullable String path) {
        List<Path> folders = new ArrayList<>();
        for (String folder : path == null ? new String[0] : path.split(File.pathSeparator)) {
            try {
                if (!folder.isEmpty()) {
                    folders.add(Path.of(folder));
                }
            } catch (InvalidPathException e) {
                // Not a folder of this machine.
            }
        }
        return folders;
    }

    /** Loads a library; returns why it cannot be loaded, null if it is. */
    static @Nullable UnsatisfiedLinkError tryLoad(Path library) {
        try {
            System.load(library.toString());
            return null;
        } catch (UnsatisfiedLinkError e) {
            return e;
        }
    }

    /**
     * What a failure says.
     *
     * @param failure what {@link #load} returned
     * @return the reason, in one line where the loader is at fault
     */
    public static String reason(Throwable failure) {
        String text = String.valueOf(failure.getMessage());
        return failure instanceof LinkageError ? text.lines().findFirst().orElse(text) : text;
    }

    private static void delete(Path folder) {
        try (DirectoryStream<Path> files = Files.newDirectoryStream(folder)) {
            for (Path file : files) {
                Files.deleteIfExists(file);
            }
            Files.deleteIfExists(folder);
        } catch (IOException e) {
            // Windows keeps a loaded library; it goes with the process.
            folder.toFile().deleteOnExit();
        }
    }
}
