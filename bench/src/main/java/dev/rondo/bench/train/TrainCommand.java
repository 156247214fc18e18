package dev.rondo.bench.train;

import dev.rondo.Backend;
import dev.rondo.BackendOptions;
import dev.rondo.Precision;
import dev.rondo.RnnSpec;
import dev.rondo.bench.cli.ExitStatus;
import dev.rondo.bench.cli.SharedOptions;
import dev.rondo.bench.cli.TextFile;
import dev.rondo.model.CharacterTraining;
import dev.rondo.model.CharacterTrainingSettings;
import dev.rondo.model.CharacterTrainingSettings.Algorithm;
import dev.rondo.model.TextFilter;
import java.io.Console;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code rondo train}: a character language model by truncated BPTT. */
@Command(
        name = "train",
        description = {
            "Trains a character language model by truncated back-propagation through time, and prints a sample.",
            "Without --text it reads Rondo's own sources and documents. Without --epochs it stops after --time-limit."
        },
        mixinStandardHelpOptions = true,
        showDefaultValues = true,
        sortOptions = false)
public final class TrainCommand implements Callable<Integer> {
    /** The settings that a resumed run takes from its file. */
    private static final List<String> FIXED = List.of(
            "--cell",
            "--hidden",
            "--layers",
            "--dropout",
            "--batch",
            "--steps",
            "--back-steps",
            "--optimizer",
            "--lr",
            "--clip",
            "--charset",
            "--seed");

    @Spec
    private CommandSpec commandSpec;

    @Option(names = "--text", paramLabel = "FILE", description = "text to learn, UTF-8; default: the built-in corpus")
    private @Nullable Path text;

    @Option(names = "--charset", defaultValue = "all", description = "all characters, or letters (a-z and space)")
    private TextFilter charset;

    @Option(names = "--max-tokens", paramLabel = "N", description = "read at most so many characters; default: all")
    private @Nullable Integer maxTokens;

    @Option(
            names = "--cell",
            defaultValue = "lstm",
            completionCandidates = SharedOptions.CellNames.class,
            description = "${COMPLETION-CANDIDATES}")
    private String cell;

    @Option(names = "--hidden", paramLabel = "H", defaultValue = "256", description = "hidden size")
    private int hidden;

    @Option(names = "--layers", paramLabel = "L", defaultValue = "1", description = "stacked layers")
    private int layers;

    @Option(names = "--dropout", paramLabel = "P", defaultValue = "0", description = "dropout between layers")
    private double dropout;

    @Option(names = "--batch", paramLabel = "N", defaultValue = "32", description = "streams read side by side")
    private int batch;

    @Option(names = "--steps", paramLabel = "K1", defaultValue = "35", description = "steps of one window")
    private int steps;

    @Option(names = "--back-steps", paramLabel = "K2", description = "steps a gradient goes back at most; default: K1")
    private @Nullable Integer backSteps;

    @Option(names = "--optimizer", defaultValue = "adam", description = "sgd, momentum, rmsprop or adam")
    private Algorithm optimizer;

    @Option(
            names = "--lr",
            paramLabel = "X",
            description = "learning rate; default: adam, rmsprop 0.002, sgd 1, momentum 0.1")
    private @Nullable Double learningRate;

    @Option(
            names = "--clip",
            paramLabel = "X",
            defaultValue = "1",
            description = "largest gradient norm; 0: no clipping")
    private double clip;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "seed of everything random")
    private long seed;

    @Option(names = "--epochs", paramLabel = "N", description = "passes over the text, those of a resumed run included")
    private @Nullable Integer epochs;

    @Option(names = "--time-limit", paramLabel = "S", description = "seconds to train; default: 100 without --epochs")
    private @Nullable Double timeLimit;

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

    @Option(names = "--save", paramLabel = "FILE", description = "write model and training state, again and again")
    private @Nullable Path save;

    @Option(
            names = "--save-every",
            paramLabel = "S",
            defaultValue = "30",
            hidden = true,
            description = "seconds between saves")
    private double saveEvery;

    @Option(
            names = "--resume",
            paramLabel = "FILE",
            description = "go on from a file that --save wrote, and save to it unless --save names another")
    private @Nullable Path resume;

    @Option(names = "--json", paramLabel = "FILE", description = "write what was measured")
    private @Nullable Path json;

    @Option(names = "--sample", paramLabel = "N", defaultValue = "200", description = "characters to sample at the end")
    private int sampleLength;

    @Override
    public Integer call() throws IOException {
        checkCall();
        if (save == null) {
            save = resume;
        }
        PrintWriter out = commandSpec.commandLine().getOut();
        String corpus = text != null ? TextFile.read("--text", text) : Corpus.read();
        try (Backend opened = openBackend();
                CharacterTraining training = open(opened, corpus)) {
            describe(out, opened, training);
            TrainingRun run = new TrainingRun(training, Optional.ofNullable(save), saveEvery);
            List<EpochReport> reports;
            try (TrainingProgress progress = TrainingProgress.of(out, isTerminal())) {
                reports = run.train(epochLimit(), secondsLimit(), progress);
            } catch (DivergenceException e) {
                commandSpec.commandLine().getErr().println("rondo: " + e.getMessage());
                return ExitStatus.FAILED;
            }
            for (EpochReport report : reports.subList(Math.max(0, reports.size() - 1), reports.size())) {
                out.printf(
                        "trained to epoch %d%s: %s%n",
                        report.epoch(),
                        report.complete() ? "" : " (in part)",
                        TrainingProgress.figures(report.loss(), report.tokensPerSecond()));
            }
            String prompt = corpus.codePoints()
                    .limit(16)
                    .collect(StringBuilder::new, StringBuilder::appendCodePoint, StringBuilder::append)
                    .toString();
            String sample = sampleLength > 0 ? sample(training, prompt) : "";
            if (sampleLength > 0) {
                out.printf("sample:%n%s%n", sample);
            }
            if (save != null) {
                out.printf("saved %s%n", save);
            }
            out.flush();
            if (json != null) {
                TrainJson.write(json, opened, precision, training, text, maxTokens, reports, sample);
            }
        }
        return ExitStatus.DONE;
    }

    /** Whether a person sees the output. JDK 22 and later may have a console also where there is no terminal. */
    private static boolean isTerminal() {
        Console console = System.console();
        if (console == null) {
            return false;
        }
        try {
            return (boolean) Console.class.getMethod("isTerminal").invoke(console);
        } catch (NoSuchMethodException e) {
            return true;
        } catch (ReflectiveOperationException e) {
            return false;
        }
    }

    private void checkCall() throws IOException {
        if (resume != null) {
            for (String option : FIXED) {
                if (commandSpec.commandLine().getParseResult().hasMatchedOption(option)) {
                    throw new IllegalArgumentException(
                            option + ": not allowed with --resume, whose file has the value");
                }
            }
        }
        SharedOptions.requirePositive("--hidden", hidden);
        SharedOptions.requirePositive("--layers", layers);
        SharedOptions.require(dropout >= 0 && dropout < 1, "--dropout", "0 to less than 1", dropout);
        SharedOptions.requirePositive("--batch", batch);
        SharedOptions.requirePositive("--steps", steps);
        if (backSteps != null) {
            SharedOptions.require(backSteps >= steps, "--back-steps", "at least --steps = " + steps, backSteps);
            SharedOptions.require(
                    dropout == 0 || backSteps % steps == 0,
                    "--back-steps",
                    "a multiple of --steps = " + steps + " with --dropout",
                    backSteps);
        }
        SharedOptions.requirePositive("--lr", learningRate);
        SharedOptions.require(clip >= 0 && clip < Double.POSITIVE_INFINITY, "--clip", "0 or a positive number", clip);
        SharedOptions.requirePositive("--epochs", epochs);
        SharedOptions.requirePositive("--max-tokens", maxTokens);
        SharedOptions.requirePositive("--time-limit", timeLimit);
        SharedOptions.require(saveEvery >= 0, "--save-every", "at least 0", saveEvery);
        SharedOptions.require(sampleLength >= 0, "--sample", "at least 0", sampleLength);
        SharedOptions.requireWritable("--save", save);
        SharedOptions.requireWritable("--resume", save == null ? resume : null);
        SharedOptions.requireWritable("--json", json);
        SharedOptions.requireApart("--save", save, "--text", text);
        SharedOptions.requireApart("--json", json, "--text", text);
        SharedOptions.requireApart("--json", json, "--save", save);
        SharedOptions.requireApart("--json", json, "--resume", resume);
        SharedOptions.requireApart("--text", text, "--resume", resume);
    }

    private Backend openBackend() throws IOException {
        BackendOptions options = BackendOptions.defaults().withThreads(threads).withPrecision(precision);
        if (!backend.equals("auto")) {
            return Backend.named(backend, options);
        }
        Path file = resume;
        if (file == null) {
            RnnSpec network = RnnSpec.of(SharedOptions.cellNamed(cell), 1, 1)
                    .withLayers(layers)
                    .withDropout(dropout);
            return Backend.best(network, options);
        }
        return Backend.named(SharedOptions.ofFile("--resume", () -> CharacterTraining.backendOf(file)), options);
    }

    private CharacterTraining open(Backend opened, String corpus) throws IOException {
        int tokens = maxTokens != null ? maxTokens : Integer.MAX_VALUE;
        Path file = resume;
        if (file != null) {
            return SharedOptions.ofFile("--resume", () -> CharacterTraining.resume(opened, file, corpus, tokens));
        }
        CharacterTrainingSettings settings = CharacterTrainingSettings.of(SharedOptions.cellNamed(cell), hidden)
                .withLayers(layers)
                .withDropout(dropout)
                .withBatch(batch)
                .withSteps(steps, backSteps != null ? backSteps : steps)
                .withOptimizer(optimizer, learningRate != null ? learningRate : defaultRate(optimizer))
                .withClip(clip)
                .withSeed(seed);
        return new CharacterTraining(opened, settings, charset, corpus, tokens);
    }

    private static double defaultRate(Algorithm algorithm) {
        return switch (algorithm) {
            case SGD -> 1;
            case MOMENTUM -> 0.1;
            case RMSPROP, ADAM -> 0.002;
        };
    }

    private int epochLimit() {
        return epochs != null ? epochs : Integer.MAX_VALUE;
    }

    private double secondsLimit() {
        return timeLimit != null ? timeLimit : epochs != null ? Double.POSITIVE_INFINITY : 100;
    }

    private static void describe(PrintWriter out, Backend opened, CharacterTraining training) {
        CharacterTrainingSettings settings = training.settings();
        out.printf("backend   %s (%s)%n", opened.name(), opened.description());
        out.printf(
                Locale.ROOT,
                "model     %s, hidden size %d, %d layer%s, %d characters known, %,d weights%n",
                settings.cell().key().toLowerCase(Locale.ROOT),
                settings.hiddenSize(),
                settings.layers(),
                settings.layers() == 1 ? "" : "s",
                training.model().vocabulary().size(),
                training.model().parameters().layout().size());
        out.printf(
                Locale.ROOT,
                "training  %s, rate %s, %d streams, windows of %d steps, gradients %d steps back, %d windows an epoch%n",
                settings.algorithm().key().toLowerCase(Locale.ROOT),
                settings.learningRate(),
                settings.batch(),
                settings.steps(),
                settings.backSteps(),
                training.windowsInEpoch());
        out.flush();
    }

    private String sample(CharacterTraining training, String prompt) {
        try {
            return training.model()
                    .sample(prompt, sampleLength, 0.7, training.settings().seed());
        } catch (IllegalArgumentException e) {
            // nothing of the beginning is left by the filter
            String known = training.model().vocabulary().decode(0);
            return training.model()
                    .sample(known, sampleLength, 0.7, training.settings().seed());
        }
    }
}
