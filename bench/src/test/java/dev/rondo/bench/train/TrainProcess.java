package dev.rondo.bench.train;

import dev.rondo.bench.Rondo;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** The command in a JVM of its own, with the class path of this one. */
final class TrainProcess {
    private TrainProcess() {}

    /** Starts it; what it says on the standard error stream goes where its output goes. */
    static Process start(List<String> jvmOptions, List<String> args) throws IOException {
        return new ProcessBuilder(command(jvmOptions, args))
                .redirectErrorStream(true)
                .start();
    }

    /** The command line, to be run as it is or by a shell. */
    static List<String> command(List<String> jvmOptions, List<String> args) {
        String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
        List<String> command = new ArrayList<>(List.of(java, "-XX:TieredStopAtLevel=1", "-XX:-UsePerfData"));
        command.addAll(jvmOptions);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), Rondo.class.getName()));
        command.addAll(args);
        return command;
    }
}
