package dev.rondo.bench.train;

import dev.rondo.Backend;
import dev.rondo.BackendOptions;
import dev.rondo.Precision;
import dev.rondo.bench.cli.ExitStatus;
import dev.rondo.bench.cli.SharedOptions;
import dev.rondo.model.CharacterLanguageModel;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code rondo sample}: continues a text with a trained model. */
@Command(
        name = "sample",
        description = "Continues a text with a model that 'rondo train --save' wrote.",
        mixinStandardHelpOptions = true,
        showDefaultValues = true,
        sortOptions = false)
public final class SampleCommand implements Callable<Integer> {
    @Spec
    private CommandSpec commandSpec;

    @Option(names = "--model", paramLabel = "FILE", required = true, description = "the model")
    private Path model;

    @Option(
            names = "--prompt",
            paramLabel = "TEXT",
            description = "beginning of the text; default: the first character of the vocabulary")
    private @Nullable String prompt;

    @Option(names = "--length", paramLabel = "N", defaultValue = "200", description = "characters to add")
    private int length;

    @Option(
            names = "--temperature",
            paramLabel = "X",
            defaultValue = "0.7",
            description = "0: the most probable, 1: as learnt")
    private double temperature;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "the same seed, the same text")
    private long seed;

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            defaultValue = "auto",
            description = "auto, or a name from doctor")
    private String backend;

    @Option(names = "--threads", paramLabel = "N", defaultValue = "0", description = "CPU threads; 0: all cores")
    private int threads;

    @Option(
            names = "--precision",
            paramLabel = "MODE",
            defaultValue = "fp32",
            description = "matrix products: fp32, tf32x3, tf32 or bf16, where the backend has the mode")
    private Precision precision;

    @Override
    public Integer call() throws IOException {
        PrintWriter out = commandSpec.commandLine().getOut();
        BackendOptions options = BackendOptions.defaults().withThreads(threads).withPrecision(precision);
        try (Backend opened = backend.equals("auto") ? Backend.best(options) : Backend.named(backend, options);
                CharacterLanguageModel loaded =
                        SharedOptions.ofFile("--model", () -> CharacterLanguageModel.load(opened, model))) {
            String start = prompt != null ? prompt : loaded.vocabulary().decode(0);
            String text = loaded.sample(start, length, temperature, seed);
            String unknown = loaded.vocabulary().unknownIn(loaded.filter().apply(start));
            if (!unknown.isEmpty()) {
                commandSpec
                        .commandLine()
                        .getErr()
                        .println("rondo: --prompt: the model does not know \"" + unknown + "\"");
            }
            out.println(text);
            out.flush();
        }
        return ExitStatus.DONE;
    }
}
