package dev.rondo.bench.translate;

import dev.rondo.Backend;
import dev.rondo.BackendOptions;
import dev.rondo.bench.cli.ExitStatus;
import dev.rondo.bench.cli.SharedOptions;
import dev.rondo.bench.cli.TextFile;
import dev.rondo.model.CharacterTrainingSettings.Algorithm;
import dev.rondo.model.EncoderDecoderSpec;
import dev.rondo.model.SentencePairs;
import dev.rondo.model.SequenceSearch;
import dev.rondo.model.TranslationSettings;
import dev.rondo.model.TranslationTraining;
import dev.rondo.train.TrainingLoop;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code rondo translate train}: trains on pairs of sentences, and translates those that were held out. */
@Command(
        name = "train",
        description = {
            "Trains an encoder-decoder on pairs of sentences.",
            "The pairs are lines: a sentence, a TAB, its translation. With --held-out a part of them is not trained on but",
            "translated at the end, by greedy and by beam search, and the BLEU score (sacreBLEU's, in lower case) is printed."
        },
        mixinStandardHelpOptions = true,
        showDefaultValues = true,
        sortOptions = false)
public final class TranslateTrainCommand implements Callable<Integer> {
    /** Translations that are shown at the end. */
    private static final int SHOWN = 5;

    private static final List<String> FIXED = List.of(
            "--cell",
            "--hidden",
            "--embedding",
            "--layers",
            "--bidirectional",
            "--attention",
            "--dropout",
            "--min-count",
            "--batch",
            "--steps",
            "--optimizer",
            "--lr",
            "--clip");

    @Spec
    private CommandSpec commandSpec;

    @Option(names = "--pairs", paramLabel = "FILE", required = true, description = "pairs of sentences, UTF-8")
    private Path pairs;

    @Option(names = "--max-pairs", paramLabel = "N", description = "read at most so many pairs; default: all")
    private @Nullable Integer maxPairs;

    @Option(
            names = "--held-out",
            paramLabel = "P",
            defaultValue = "0",
            description = "part of the pairs that is translated at the end, chosen by the seed")
    private double heldOut;

    @Option(
            names = "--cell",
            defaultValue = "lstm",
            completionCandidates = SharedOptions.CellNames.class,
            description = "${COMPLETION-CANDIDATES}")
    private String cell;

    @Option(names = "--layers", paramLabel = "L", defaultValue = "1", description = "stacked layers")
    private int layers;

    @Option(names = "--hidden", paramLabel = "H", defaultValue = "256", description = "hidden size")
    private int hidden;

    @Option(names = "--embedding", paramLabel = "E", defaultValue = "128", description = "size of the vector of a word")
    private int embedding;

    @Option(names = "--bidirectional", description = "the encoder reads in both directions")
    private boolean bidirectional;

    @Option(names = "--attention", defaultValue = "dot", description = "none, dot or additive")
    private String attention;

    @Option(names = "--dropout", paramLabel = "P", defaultValue = "0", description = "dropout between layers")
    private double dropout;

    @Option(names = "--min-count", paramLabel = "N", defaultValue = "2", description = "rarer words are unknown")
    private int minCount;

    @Option(names = "--batch", paramLabel = "N", defaultValue = "64", description = "pairs trained on side by side")
    private int batch;

    @Option(
            names = "--steps",
            paramLabel = "T",
            defaultValue = "16",
            description = "words of a sentence and its end; the rest is cut")
    private int steps;

    @Option(names = "--optimizer", defaultValue = "adam", description = "sgd, momentum, rmsprop or adam")
    private Algorithm optimizer;

    @Option(names = "--lr", paramLabel = "X", defaultValue = "0.002", description = "learning rate")
    private double learningRate;

    @Option(
            names = "--clip",
            paramLabel = "X",
            defaultValue = "1",
            description = "largest gradient norm; 0: no clipping")
    private double clip;

    @Option(names = "--seed", paramLabel = "N", defaultValue = "1", description = "seed of everything random")
    private long seed;

    @Option(names = "--epochs", paramLabel = "N", defaultValue = "10", description = "passes over the pairs")
    private int epochs;

    @Option(names = "--time-limit", paramLabel = "S", description = "seconds to train; default: no limit")
    private @Nullable Double timeLimit;

    @Option(names = "--beams", paramLabel = "K", defaultValue = "5", description = "beginnings that the search keeps")
    private int beams;

    @Option(
            names = "--alpha",
            paramLabel = "X",
            defaultValue = "" + SequenceSearch.LENGTH_PENALTY,
            description = "the score of a translation is its log-probability / length^alpha")
    private double alpha;

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            defaultValue = "auto",
            description = "auto, or a name from doctor")
    private String backend;

    @Option(names = "--threads", paramLabel = "N", defaultValue = "0", description = "CPU threads; 0: all cores")
    private int threads;

    @Option(names = "--save", paramLabel = "FILE", description = "write model and training state after every epoch")
    private @Nullable Path save;

    @Option(names = "--resume", paramLabel = "FILE", description = "go on from a file that --save wrote")
    private @Nullable Path resume;

    @Option(names = "--json", paramLabel = "FILE", description = "write what was measured")
    private @Nullable Path json;

    @Override
    public Integer call() throws IOException {
        checkCall();
        PrintWriter out = commandSpec.commandLine().getOut();
        String text = TextFile.read("--pairs", pairs);
        SentencePairs all = parse(text);
        List<SentencePairs> parts = all.split(heldOut, seed);
        BackendOptions options = BackendOptions.defaults().withThreads(threads);
        try (Backend opened = backend.equals("auto") ? Backend.best(options) : Backend.named(backend, options);
                TranslationTraining training = open(opened, parts.get(1))) {
            describe(out, opened, training, parts);
            List<TranslationEpoch> trained = new ArrayList<>();
            Optional<String> overflow = train(out, training, trained);
            if (overflow.isPresent()) {
                commandSpec
                        .commandLine()
                        .getErr()
                        .println("rondo: the training diverged: " + overflow.get() + "; try a smaller --lr or --clip");
                return ExitStatus.FAILED;
            }
            SentencePairs judged = parts.get(0).size() > 0 ? parts.get(0) : all;
            TranslationScores scores = TranslationScores.of(training.translator(), judged, beams, alpha);
            scores.print(out, parts.get(0).size() > 0 ? "held out" : "trained on", SHOWN);
            if (json != null) {
                TranslationJson.write(json, opened, pairs, parts, training, trained, scores);
            }
        }
        return ExitStatus.DONE;
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
        SharedOptions.requirePositive("--max-pairs", maxPairs);
        SharedOptions.require(heldOut >= 0 && heldOut < 1, "--held-out", "0 to less than 1", heldOut);
        SharedOptions.requirePositive("--layers", layers);
        SharedOptions.requirePositive("--hidden", hidden);
        SharedOptions.requirePositive("--embedding", embedding);
        SharedOptions.require(dropout >= 0 && dropout < 1, "--dropout", "0 to less than 1", dropout);
        SharedOptions.requirePositive("--min-count", minCount);
        SharedOptions.requirePositive("--batch", batch);
        SharedOptions.requirePositive("--steps", steps);
        SharedOptions.requirePositive("--lr", learningRate);
        SharedOptions.require(clip >= 0 && clip < Double.POSITIVE_INFINITY, "--clip", "0 or a positive number", clip);
        SharedOptions.requirePositive("--epochs", epochs);
        SharedOptions.requirePositive("--time-limit", timeLimit);
        SharedOptions.requirePositive("--beams", beams);
        SharedOptions.require(alpha >= 0 && alpha <= 10, "--alpha", "0 to 10", alpha);
        SharedOptions.requireWritable("--save", save);
        SharedOptions.requireWritable("--json", json);
        SharedOptions.requireApart("--save", save, "--pairs", pairs);
        SharedOptions.requireApart("--json", json, "--pairs", pairs);
        SharedOptions.requireApart("--json", json, "--save", save);
        SharedOptions.requireApart("--json", json, "--resume", resume);
    }

    private SentencePairs parse(String text) {
        try {
            return SentencePairs.parse(text, maxPairs != null ? maxPairs : Integer.MAX_VALUE);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("--pairs: " + pairs + ": " + e.getMessage(), e);
        }
    }

    private TranslationTraining open(Backend opened, SentencePairs trained) throws IOException {
        if (resume != null) {
            return TranslationTraining.resume(opened, resume, trained);
        }
        EncoderDecoderSpec model = EncoderDecoderSpec.of(SharedOptions.cellNamed(cell), 1, 1, embedding, hidden)
                .withLayers(layers)
                .withBidirectionalEncoder(bidirectional)
                .withSource(source())
                .withDropout(dropout);
        return new TranslationTraining(
                opened,
                new TranslationSettings(model, minCount, batch, steps, optimizer, learningRate, clip, seed),
                trained);
    }

    private EncoderDecoderSpec.Source source() {
        try {
            return EncoderDecoderSpec.Source.ofKey(attention.toLowerCase(Locale.ROOT));
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException("--" + e.getMessage(), e);
        }
    }

    private static void describe(
            PrintWriter out, Backend opened, TranslationTraining training, List<SentencePairs> parts) {
        EncoderDecoderSpec model = training.translator().spec();
        out.printf("backend   %s (%s)%n", opened.name(), opened.description());
        out.printf(
                Locale.ROOT,
                "model     %s, %d layer%s of hidden size %d, %sattention %s, %,d and %,d words, %,d weights%n",
                model.cell().key().toLowerCase(Locale.ROOT),
                model.layers(),
                model.layers() == 1 ? "" : "s",
                model.hiddenSize(),
                model.bidirectional() ? "bidirectional encoder, " : "",
                model.source().key(),
                model.sourceWords(),
                model.targetWords(),
                training.translator().learned().weights().layout().size());
        out.printf(
                Locale.ROOT,
                "training  %,d pairs, %,d held out, %d a window, at most %d words%n",
                parts.get(1).size(),
                parts.get(0).size(),
                training.settings().batch(),
                training.settings().steps());
        out.flush();
    }

    /** Trains to the limit; the reason if the training diverges. */
    private Optional<String> train(PrintWriter out, TranslationTraining training, List<TranslationEpoch> trained)
            throws IOException {
        TrainingLoop loop = training.loop();
        long begun = System.nanoTime();
        long told = begun;
        while (loop.epoch() < epochs && !isOver(begun)) {
            long start = System.nanoTime();
            while (loop.window() < loop.windowsInEpoch()) {
                loop.trainWindow();
            }
            double loss = loop.epochLoss();
            double seconds = (System.nanoTime() - start) * 1e-9;
            Optional<String> overflow = loop.overflow();
            if (overflow.isPresent()) {
                return overflow;
            }
            loop.nextEpoch();
            TranslationEpoch epoch = new TranslationEpoch(loop.epoch(), loss, training.tokensOfEpoch(), seconds);
            trained.add(epoch);
            if (save != null) {
                training.save(save);
            }
            boolean last = loop.epoch() == epochs || isOver(begun);
            if (last || System.nanoTime() - told > 5_000_000_000L) {
                told = System.nanoTime();
                out.println(epoch.line(epochs));
                out.flush();
            }
        }
        return Optional.empty();
    }

    private boolean isOver(long begun) {
        return timeLimit != null && (System.nanoTime() - begun) * 1e-9 >= timeLimit;
    }
}
