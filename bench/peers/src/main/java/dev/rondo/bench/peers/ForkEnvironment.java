package dev.rondo.bench.peers;

import dev.rondo.Cell;
import java.io.File;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.profile.ExternalProfiler;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.Result;

/**
 * Environment variables of the JVM that measures: JMH starts it with the command that a profiler puts before {@code java},
 * here {@code env}. The native libraries read their settings from there when they are loaded.
 */
public final class ForkEnvironment implements ExternalProfiler {
    private final boolean verbose;

    /**
     * For JMH.
     *
     * @param verbose {@code true} if the JVM that measures may print
     */
    public ForkEnvironment(String verbose) {
        this.verbose = Boolean.parseBoolean(verbose);
    }

    /** The variables of a case. */
    static Map<String, String> variables(Library library, RnnCase rnn) {
        Map<String, String> variables = new TreeMap<>();
        for (String name : List.of("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")) {
            variables.put(name, String.valueOf(rnn.threads()));
        }
        if (library == Library.DL4J || library == Library.TORCH && rnn.cell() == Cell.GRU) {
            // OpenBLAS and OpenMP both have threads here. With spinning ones of OpenMP a call takes up to 50 times as
            // long on two cores; all other cases are slower without spinning.
            variables.put("OMP_WAIT_POLICY", "passive");
        }
        // glibc is to keep what is freed: by default it gives large blocks back to the system in every call.
        variables.put("MALLOC_MMAP_THRESHOLD_", "33554432");
        variables.put("MALLOC_TRIM_THRESHOLD_", "4294967296");
        return variables;
    }

    @Override
    public Collection<String> addJVMInvokeOptions(BenchmarkParams params) {
        List<String> command = new ArrayList<>();
        command.add("env");
        variables(Library.valueOf(params.getParam("library")), RnnCase.parse(params.getParam("rnnCase")))
                .forEach((name, value) -> command.add(name + "=" + value));
        return command;
    }

    @Override
    public Collection<String> addJVMOptions(BenchmarkParams params) {
        return List.of();
    }

    @Override
    public void beforeTrial(BenchmarkParams params) {}

    @Override
    @SuppressWarnings("rawtypes") // as JMH declares it
    public Collection<? extends Result> afterTrial(BenchmarkResult result, long pid, File stdOut, File stdErr) {
        return List.of();
    }

    @Override
    public boolean allowPrintOut() {
        return verbose;
    }

    @Override
    public boolean allowPrintErr() {
        return verbose;
    }

    @Override
    public String getDescription() {
        return "environment variables of the measuring JVM";
    }
}
