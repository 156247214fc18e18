package dev.rondo.bench;

import dev.rondo.BackendException;
import dev.rondo.bench.cli.ExitStatus;
import dev.rondo.bench.cli.RondoVersion;
import dev.rondo.bench.conform.ConformCommand;
import dev.rondo.bench.doctor.DoctorCommand;
import dev.rondo.bench.measure.BenchCommand;
import dev.rondo.bench.task.TaskCommand;
import dev.rondo.bench.train.SampleCommand;
import dev.rondo.bench.train.TrainCommand;
import dev.rondo.bench.translate.TranslateCommand;
import dev.rondo.bench.verify.VerifyCommand;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/**
 * The command {@code rondo}. Its exit status is 0 if what was asked for was done, 1 if a check failed, 2 if the call or an
 * input was wrong. An error is one line on the standard error stream; with {@code -Drondo.debug} or {@code RONDO_DEBUG=1}
 * its stack trace follows.
 */
@Command(
        name = "rondo",
        description =
                "Recurrent networks on the JVM: what runs here, how right and how fast it is, training and sampling.",
        mixinStandardHelpOptions = true,
        versionProvider = RondoVersion.class,
        scope = ScopeType.INHERIT,
        subcommands = {
            DoctorCommand.class,
            ConformCommand.class,
            VerifyCommand.class,
            BenchCommand.class,
            TrainCommand.class,
            SampleCommand.class,
            TranslateCommand.class,
            TaskCommand.class
        })
public final class Rondo implements Callable<Integer> {
    @Spec
    private CommandSpec spec = CommandSpec.create();

    Rondo() {}

    /**
     * Runs a command and ends the JVM with its exit status.
     *
     * @param args the command line
     */
    public static void main(String[] args) {
        PrintWriter out = new PrintWriter(System.out, true);
        PrintWriter err = new PrintWriter(System.err, true);
        System.exit(run(out, err, args));
    }

    /** Runs a command and returns its exit status. */
    static int run(PrintWriter out, PrintWriter err, String... args) {
        CommandLine line = new CommandLine(new Rondo());
        line.setOut(out);
        line.setErr(err);
        line.setCaseInsensitiveEnumValuesAllowed(true);
        line.setParameterExceptionHandler(Rondo::wrongCall);
        line.setExecutionExceptionHandler((error, command, parsed) -> failure(error, command));
        int status = execute(line, args);
        out.flush();
        err.flush();
        return status;
    }

    /** Sizes that are too large for this machine are a wrong call, wherever the memory ends. */
    private static int execute(CommandLine line, String... args) {
        try {
            return line.execute(args);
        } catch (OutOfMemoryError e) {
            line.getErr()
                    .println("rondo: not enough memory (" + e.getMessage()
                            + "): take smaller sizes, or give Java more of it, as with RONDO_JAVA_OPTS=-Xmx8g");
            return ExitStatus.WRONG_CALL;
        }
    }

    /** Without a command: says which there are. */
    @Override
    public Integer call() {
        spec.commandLine().usage(spec.commandLine().getErr());
        return ExitStatus.WRONG_CALL;
    }

    private static int wrongCall(ParameterException error, String[] args) {
        CommandLine command = error.getCommandLine();
        PrintWriter err = command.getErr();
        err.println("rondo: " + oneLine(String.valueOf(error.getMessage())));
        UnmatchedArgumentException.printSuggestions(error, err);
        err.println("Try '" + command.getCommandSpec().qualifiedName() + " --help'.");
        trace(error, err);
        return ExitStatus.WRONG_CALL;
    }

    private static int failure(Exception error, CommandLine command) {
        PrintWriter err = command.getErr();
        Throwable cause = error instanceof UncheckedIOException && error.getCause() != null ? error.getCause() : error;
        boolean foreseen = cause instanceof IllegalArgumentException
                || cause instanceof BackendException
                || cause instanceof IOException;
        if (foreseen) {
            err.println("rondo: " + oneLine(text(cause)));
            trace(error, err);
            return ExitStatus.WRONG_CALL;
        }
        err.println("rondo: internal error: " + oneLine(cause.toString()));
        error.printStackTrace(err);
        return ExitStatus.FAILED;
    }

    /** The message, and where the class of an exception says what its message leaves out, that too. */
    private static String text(Throwable error) {
        String message = error.getMessage();
        if (message == null) {
            return error.getClass().getSimpleName();
        }
        if (error instanceof FileSystemException file && file.getReason() == null) {
            if (error instanceof NoSuchFileException) {
                return message + ": no such file or folder";
            }
            if (error instanceof AccessDeniedException) {
                return message + ": access denied";
            }
            if (error instanceof FileAlreadyExistsException) {
                return message + ": exists already";
            }
        }
        return message;
    }

    private static String oneLine(String text) {
        return text.strip().replaceAll("\\s*\\R\\s*", " ");
    }

    private static void trace(Exception error, PrintWriter err) {
        String property = System.getProperty("rondo.debug", "false");
        if ("1".equals(System.getenv("RONDO_DEBUG")) || !"false".equals(property)) {
            error.printStackTrace(err);
        }
    }
}
