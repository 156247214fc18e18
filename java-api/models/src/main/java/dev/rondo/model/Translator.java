package dev.rondo.model;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.IntTensor;
import dev.rondo.internal.Arguments;
import dev.rondo.train.Checkpoint;
import dev.rondo.train.CheckpointFile;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A trained {@link EncoderDecoder} with its vocabularies: translates sentences. {@link TranslationTraining} makes one.
 */
public final class Translator implements AutoCloseable {
    static final String FORMAT = "rondo-translator-1";

    /** Sentences that are translated in one batch. */
    private static final int BATCH = 64;

    private final WordVocabulary sourceWords;
    private final WordVocabulary targetWords;
    private final EncoderDecoderSpec spec;
    private final int steps;
    private final Trainable learned;

    Translator(
            Backend backend,
            WordVocabulary sourceWords,
            WordVocabulary targetWords,
            EncoderDecoderSpec spec,
            int steps) {
        this.sourceWords = Arguments.notNull("sourceWords", sourceWords);
        this.targetWords = Arguments.notNull("targetWords", targetWords);
        this.spec = spec.withWords(sourceWords.size(), targetWords.size());
        this.steps = Arguments.positive("steps", steps);
        this.learned = new Trainable(backend, this.spec.layout());
    }

    /**
     * The words of the source.
     *
     * @return the vocabulary
     */
    public WordVocabulary sourceWords() {
        return sourceWords;
    }

    /**
     * The words of the target.
     *
     * @return the vocabulary
     */
    public WordVocabulary targetWords() {
        return targetWords;
    }

    /**
     * The model.
     *
     * @return its description
     */
    public EncoderDecoderSpec spec() {
        return spec;
    }

    /**
     * The largest number of words of a sentence, its end included; what is longer was cut in training.
     *
     * @return at least 1
     */
    public int steps() {
        return steps;
    }

    /**
     * The weights and gradients.
     *
     * @return closed with this
     */
    public Trainable learned() {
        return learned;
    }

    /**
     * A translation.
     *
     * @param words of it
     * @param score see {@link SequenceSearch}
     */
    public record Translation(List<String> words, double score) {}

    /**
     * Translates sentences.
     *
     * @param sentences each a list of words, as {@link SentencePairs#words} gives them
     * @param beams beginnings that the search keeps; 1 for greedy search
     * @param alpha of the score
     * @return a translation for each
     */
    public List<Translation> translate(List<List<String>> sentences, int beams, double alpha) {
        SequenceSearch search = new SequenceSearch(learned, spec, steps);
        List<Translation> translations = new ArrayList<>();
        for (int from = 0; from < sentences.size(); from += BATCH) {
            List<int[]> batch = sentences.subList(from, Math.min(sentences.size(), from + BATCH)).stream()
                    .map(this::source)
                    .toList();
            List<SequenceSearch.Sentence> found =
                    beams == 1 ? search.greedy(batch, alpha) : search.beam(batch, beams, alpha);
            for (SequenceSearch.Sentence sentence : found) {
                int[] words =
                        sentence.words().stream().mapToInt(Integer::intValue).toArray();
                translations.add(new Translation(targetWords.decode(words), sentence.score()));
            }
        }
        return translations;
    }

    /** The words of a source and its end, cut to the steps of the model. */
    int[] source(List<String> sentence) {
        return ended(sourceWords.encode(sentence), steps);
    }

    /** The words of a target and its end, cut to the steps of the model. */
    int[] target(List<String> sentence) {
        return ended(targetWords.encode(sentence), steps);
    }

    private static int[] ended(int[] words, int steps) {
        int[] ended = Arrays.copyOf(words, Math.min(words.length + 1, steps));
        if (words.length < steps) {
            ended[words.length] = WordVocabulary.EOS;
        }
        return ended;
    }

    /**
     * The attention of each word of a translation, and of its end, to the words of the source and its end.
     *
     * @param sentence words of the source
     * @param translation words of the target
     * @return a row for each word of the translation, each a weight for each word of the source
     * @throws IllegalStateException if the model does not attend
     */
    public double[][] attention(List<String> sentence, List<String> translation) {
        int[] source = source(sentence);
        int[] target = target(translation);
        Backend backend = learned.backend();
        int[] shown = new int[target.length];
        shown[0] = WordVocabulary.BOS;
        System.arraycopy(target, 0, shown, 1, target.length - 1);
        try (EncoderDecoder model = new EncoderDecoder(backend, spec, source.length, target.length, 1);
                IntTensor words = backend.intTensor(source.length, 1).set(source);
                IntTensor inputs = backend.intTensor(target.length, 1).set(shown)) {
            model.learned().weights().flat().copyFrom(learned.weights().flat());
            model.forward(words, new int[] {source.length}, inputs, new int[] {target.length});
            double[] weights = model.attentionWeights().toDoubles();
            double[][] rows = new double[target.length][];
            for (int t = 0; t < target.length; t++) {
                rows[t] = Arrays.copyOfRange(weights, t * source.length, (t + 1) * source.length);
            }
            return rows;
        }
    }

    /** What a file says of the model. */
    Checkpoint checkpoint() {
        return new Checkpoint(FORMAT)
                .put("cell", spec.cell().key())
                .put("embedding_size", spec.embeddingSize())
                .put("hidden_size", spec.hiddenSize())
                .put("layers", spec.layers())
                .put("bidirectional", spec.bidirectional())
                .put("attention", spec.source().key())
                .put("dropout", spec.dropout())
                .put("steps", steps)
                .put("source_words", sourceWords)
                .put("target_words", targetWords)
                .put("", learned.weights());
    }

    /**
     * Writes the model to a file, replacing an old one atomically.
     *
     * @param file where to
     * @throws IOException if it cannot be written; an old file is then as it was
     */
    public void save(Path file) throws IOException {
        checkpoint().write(file);
    }

    /**
     * Reads a model that was written by {@link #save} or {@link TranslationTraining#save}.
     *
     * @param backend where it shall run
     * @param file where from
     * @return the model, owned by the caller
     * @throws IOException if the file cannot be read or is damaged in any way
     */
    public static Translator load(Backend backend, Path file) throws IOException {
        try (CheckpointFile content = CheckpointFile.open(file, FORMAT)) {
            return read(backend, content);
        }
    }

    static Translator read(Backend backend, CheckpointFile file) throws IOException {
        WordVocabulary sourceWords = file.value("source_words", WordVocabulary::parse);
        WordVocabulary targetWords = file.value("target_words", WordVocabulary::parse);
        Cell cell = file.value("cell", Cell::ofKey);
        EncoderDecoderSpec.Source source = file.value("attention", EncoderDecoderSpec.Source::ofKey);
        int embeddingSize = file.value("embedding_size", Integer::valueOf);
        int layers = (int) file.count("layers", file.tensorCount());
        boolean bidirectional = file.flag("bidirectional");
        double dropout = file.value("dropout", Double::valueOf);
        int steps = (int) file.count("steps", Short.MAX_VALUE);
        EncoderDecoderSpec spec = file.value(
                "hidden_size",
                hidden -> EncoderDecoderSpec.of(
                                cell, sourceWords.size(), targetWords.size(), embeddingSize, Integer.parseInt(hidden))
                        .withLayers(layers)
                        .withBidirectionalEncoder(bidirectional)
                        .withSource(source)
                        .withDropout(dropout));
        file.require("", file.value("hidden_size", any -> spec.layout()));
        Translator translator = new Translator(backend, sourceWords, targetWords, spec, steps);
        try {
            file.read("", translator.learned.weights());
        } catch (IOException | RuntimeException e) {
            translator.close();
            throw e;
        }
        return translator;
    }

    /** Gives the weights back. */
    @Override
    public void close() {
        learned.close();
    }
}
