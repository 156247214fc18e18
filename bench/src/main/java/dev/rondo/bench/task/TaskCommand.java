package dev.rondo.bench.task;

import dev.rondo.Backend;
import dev.rondo.BackendOptions;
import dev.rondo.bench.cli.ExitStatus;
import dev.rondo.bench.cli.SharedOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code rondo task}: learns a textbook task, and says how well. */
@Command(
        name = "task",
        description = "Learns a task of the textbooks on data drawn with a seed. Without a name it lists the tasks.",
        mixinStandardHelpOptions = true,
        showDefaultValues = true,
        sortOptions = false)
public final class TaskCommand implements Callable<Integer> {
    @Spec
    private CommandSpec commandSpec;

    @Parameters(index = "0", arity = "0..1", paramLabel = "NAME", description = "the task")
    private @Nullable String name;

    @Option(names = "--list", description = "list the tasks")
    private boolean list;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "seed of the data and the weights")
    private long seed;

    @Option(names = "--time-limit", paramLabel = "S", defaultValue = "120", description = "seconds to learn")
    private double timeLimit;

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            defaultValue = "auto",
            description = "auto, or a name from doctor")
    private String backend;

    @Option(names = "--threads", paramLabel = "N", defaultValue = "0", description = "CPU threads; 0: all cores")
    private int threads;

    @Option(names = "--json", paramLabel = "FILE", description = "write the figures")
    private @Nullable Path json;

    @Option(
            names = "--plots",
            paramLabel = "FOLDER",
            description = "write the pictures, SVG; the folder is made where it is missing")
    private @Nullable Path plots;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = commandSpec.commandLine().getOut();
        if (list || name == null) {
            list(out);
            return ExitStatus.DONE;
        }
        String wanted = name;
        TextbookTask task = TextbookTasks.named(wanted)
                .orElseThrow(() -> new IllegalArgumentException(
                        "task: expected one of " + String.join(", ", TextbookTasks.names()) + ", got " + wanted));
        if (!(timeLimit > 0 && timeLimit < Double.POSITIVE_INFINITY)) {
            throw new IllegalArgumentException("--time-limit: expected a positive number, got " + timeLimit);
        }
        SharedOptions.requireWritable("--json", json);
        createFolder(plots);
        BackendOptions options = BackendOptions.defaults().withThreads(threads);
        try (Backend opened = backend.equals("auto") ? Backend.best(options) : Backend.named(backend, options)) {
            out.printf("task      %s: %s%n", task.name(), task.description());
            out.printf("backend   %s (%s)%n", opened.name(), opened.description());
            out.flush();
            TaskSession session = new TaskSession(task.name(), opened, seed, timeLimit, plots, out);
            task.run(session);
            session.finish(json);
        }
        return ExitStatus.DONE;
    }

    private static void list(PrintWriter out) {
        int width =
                TextbookTasks.names().stream().mapToInt(String::length).max().orElse(0);
        for (TextbookTask task : TextbookTasks.ALL) {
            out.println(task.name() + " ".repeat(width + 2 - task.name().length()) + task.description());
        }
        out.flush();
    }

    /** Before minutes of learning, not after them. */
    private static void createFolder(@Nullable Path folder) throws IOException {
        if (folder == null) {
            return;
        }
        try {
            Files.createDirectories(folder);
        } catch (FileAlreadyExistsException e) {
            throw new IOException("--plots: expected a folder, got the file " + folder, e);
        }
        if (!Files.isWritable(folder)) {
            throw new IOException("--plots: no permission to write to " + folder);
        }
    }
}
