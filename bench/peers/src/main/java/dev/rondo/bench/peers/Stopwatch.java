package dev.rondo.bench.peers;

import java.io.File;
import java.io.IOException;
import java.lang.module.ModuleFinder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.ChainedOptionsBuilder;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.TimeValue;
import org.openjdk.jmh.runner.options.VerboseMode;

/**
 * Measures by JMH, each time in a fresh JVM with the class path of one library.
 *
 * @param warmUp time of the warm-up
 * @param time time of the measurement
 * @param verbose whether JMH and the library may print
 */
record Stopwatch(TimeValue warmUp, TimeValue time, boolean verbose) {
    private static final String VECTOR_MODULE = "jdk.incubator.vector";
    private static final String CLASS_PATH = "java.class.path";

    /**
     * The median time of a call.
     *
     * @return milliseconds
     * @throws RunnerException if the library failed or its outcome is wrong; the message says so
     */
    double median(Library library, RnnCase rnn, Path expected) throws IOException, RunnerException {
        ChainedOptionsBuilder options = new OptionsBuilder()
                .include(EngineBenchmark.class.getName() + ".call$")
                .param("library", library.name())
                .param("rnnCase", rnn.toString())
                .addProfiler(ForkEnvironment.class, String.valueOf(verbose))
                .forks(1)
                .warmupIterations(1)
                .warmupTime(warmUp)
                .measurementIterations(1)
                .measurementTime(time)
                .shouldFailOnError(true)
                .verbosity(verbose ? VerboseMode.EXTRA : VerboseMode.SILENT)
                .jvmArgs(jvmOptions(library, expected).toArray(String[]::new));
        String own = System.getProperty(CLASS_PATH);
        try {
            // The class path that JMH gives to the JVM that it starts.
            System.setProperty(
                    CLASS_PATH, library == Library.RONDO ? own : own + File.pathSeparator + library.classPath());
            RunResult result = new Runner(options.build()).runSingle();
            return result.getPrimaryResult().getStatistics().getPercentile(50);
        } catch (RunnerException e) {
            throw new RunnerException(reason(e), e);
        } finally {
            System.setProperty(CLASS_PATH, own);
        }
    }

    private List<String> jvmOptions(Library library, Path expected) {
        List<String> options = new ArrayList<>();
        options.add("-D" + EngineBenchmark.EXPECTED + "=" + expected);
        options.add("-Dorg.bytedeco.javacpp.cachedir=" + library.cache());
        options.add("-DDJL_CACHE_DIR=" + library.cache());
        options.add("-Dai.djl.offline=true");
        options.add("-DOPT_OUT_TRACKING=true");
        options.add("-Drondo.debug=" + verbose);
        options.add("-XX:ErrorFile=" + expected.resolveSibling("hs_err_%p.log"));
        int java = Runtime.version().feature();
        if (java >= 22) {
            options.add("--enable-native-access=ALL-UNNAMED");
        }
        if (java >= 24 && java <= 26) {
            options.add("--sun-misc-unsafe-memory-access=allow");
        }
        if (library == Library.RONDO
                && ModuleFinder.ofSystem().find(VECTOR_MODULE).isPresent()) {
            options.add("--add-modules");
            options.add(VECTOR_MODULE);
        }
        return options;
    }

    /** The message of what was thrown in the JVM that measured. */
    private static String reason(Throwable thrown) {
        Throwable deepest = thrown;
        while (deepest.getSuppressed().length > 0 || deepest.getCause() != null) {
            deepest = deepest.getSuppressed().length > 0 ? deepest.getSuppressed()[0] : deepest.getCause();
        }
        return String.valueOf(deepest.getMessage());
    }
}
