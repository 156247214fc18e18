package dev.rondo.cuda;

import java.io.File;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/**
 * Loads the native part of JCuda, once per JVM.
 *
 * <p>JCuda unpacks its natives under a fixed name into {@code java.io.tmpdir}, takes a file that is already there for its own,
 * and leaves it behind. So a half-written file of another JVM, or one that somebody else put there, would be loaded. Here
 * that folder is a fresh private one while JCuda's classes are initialised, and what was unpacked is deleted after it has
 * been loaded. Natives in {@code java.library.path} take precedence, as always with JCuda.
 */
final class JCudaNatives {
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
    interface Preparation {
        /** Gets ready; the folder is the private one. */
        void in(Path folder) throws IOException;
    }

    /**
     * Initialises a class of JCuda, which loads its native.
     *
     * @param className the class
     * @param preparation comes before it
     * @return why it cannot be loaded; null if it is
     */
    static synchronized @Nullable Throwable load(String className, Preparation preparation) {
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
