package dev.rondo.bench;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Assumptions;

/** The folder of cases that lies next to a checkout. Where it does not, the tests that need it are skipped, and say so. */
public final class SharedFolder {
    private SharedFolder() {}

    /** A file of the folder. */
    public static Path cases(String name) {
        Path module = Path.of(System.getProperty("basedir", System.getProperty("user.dir")))
                .toAbsolutePath();
        Path root = Files.exists(module.resolve("bench")) ? module : module.getParent();
        Path file = root.resolveSibling("shared").resolve("cases").resolve(name);
        boolean there = Files.isRegularFile(file);
        if (!there) {
            System.out.println("SKIPPED: there is no ../shared/cases/" + name + " next to the project");
        }
        Assumptions.assumeTrue(there, "there is no ../shared/cases/" + name + " next to the project");
        return file;
    }
}
