package dev.rondo.bench.translate;

import dev.rondo.Backend;
import dev.rondo.BackendOptions;
import dev.rondo.bench.cli.ExitStatus;
import dev.rondo.bench.cli.SharedOptions;
import dev.rondo.bench.plot.HeatMap;
import dev.rondo.bench.report.ReportFile;
import dev.rondo.model.EncoderDecoderSpec;
import dev.rondo.model.SentencePairs;
import dev.rondo.model.SequenceSearch;
import dev.rondo.model.Translator;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code rondo translate run}: translates sentences with a trained model. */
@Command(
        name = "run",
        description = "Translates sentences with a model that 'rondo translate train --save' wrote.",
        mixinStandardHelpOptions = true,
        showDefaultValues = true,
        sortOptions = false)
public final class TranslateRunCommand implements Callable<Integer> {
    @Spec
    private CommandSpec commandSpec;

    @Option(names = "--model", paramLabel = "FILE", required = true, description = "the model")
    private Path model;

    @Parameters(paramLabel = "SENTENCE", arity = "1..*", description = "what is translated")
    private List<String> sentences;

    @Option(
            names = "--beams",
            paramLabel = "K",
            defaultValue = "5",
            description = "beginnings that the search keeps; 1: the most probable word each time")
    private int beams;

    @Option(
            names = "--alpha",
            paramLabel = "X",
            defaultValue = "" + SequenceSearch.LENGTH_PENALTY,
            description = "the score of a translation is its log-probability / length^alpha")
    private double alpha;

    @Option(
            names = "--heat-map",
            paramLabel = "FILE",
            description = "write the attention of the first sentence's translation as SVG")
    private @Nullable Path heatMap;

    @Option(
            names = "--backend",
            paramLabel = "NAME",
            defaultValue = "auto",
            description = "auto, or a name from doctor")
    private String backend;

    @Option(names = "--threads", paramLabel = "N", defaultValue = "0", description = "CPU threads; 0: all cores")
    private int threads;

    @Override
    public Integer call() throws IOException {
        SharedOptions.requirePositive("--beams", beams);
        SharedOptions.require(alpha >= 0 && alpha <= 10, "--alpha", "0 to 10", alpha);
        SharedOptions.requireWritable("--heat-map", heatMap);
        SharedOptions.requireApart("--heat-map", heatMap, "--model", model);
        PrintWriter out = commandSpec.commandLine().getOut();
        BackendOptions options = BackendOptions.defaults().withThreads(threads);
        try (Backend opened = backend.equals("auto") ? Backend.best(options) : Backend.named(backend, options);
                Translator translator = SharedOptions.ofFile("--model", () -> Translator.load(opened, model))) {
            if (heatMap != null && translator.spec().source() == EncoderDecoderSpec.Source.SUMMARY) {
                throw new IllegalArgumentException("--heat-map: expected a model with attention, got one without");
            }
            List<List<String>> words =
                    sentences.stream().map(SentencePairs::words).toList();
            List<Translator.Translation> translations = translator.translate(words, beams, alpha);
            for (int i = 0; i < words.size(); i++) {
                out.printf(
                        Locale.ROOT,
                        "%s => %s  score %.4f%n",
                        String.join(" ", words.get(i)),
                        String.join(" ", translations.get(i).words()),
                        translations.get(i).score());
            }
            out.flush();
            if (heatMap != null) {
                draw(translator, words.get(0), translations.get(0).words(), heatMap);
            }
        }
        return ExitStatus.DONE;
    }

    private static void draw(Translator translator, List<String> source, List<String> target, Path file)
            throws IOException {
        double[][] weights = translator.attention(source, target);
        String svg = new HeatMap(
                        "Attention",
                        "translation",
                        "source",
                        ended(target, weights.length),
                        ended(source, weights[0].length),
                        weights)
                .range(0, 1)
                .svg();
        ReportFile.write(file, svg.getBytes(StandardCharsets.UTF_8));
    }

    /** The words that the model has seen, and the end. */
    private static List<String> ended(List<String> words, int count) {
        List<String> ended = new ArrayList<>(words);
        ended.add("<eos>");
        return ended.subList(0, count);
    }
}
