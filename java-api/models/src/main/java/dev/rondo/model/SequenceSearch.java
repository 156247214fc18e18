package dev.rondo.model;

import dev.rondo.Backend;
import dev.rondo.Embedding;
import dev.rondo.ForwardCall;
import dev.rondo.IntTensor;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnState;
import dev.rondo.Sampling;
import dev.rondo.Tensor;
import dev.rondo.internal.Arguments;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Writes with an {@link EncoderDecoder}: word by word the most probable one, or by beam search, which keeps several beginnings of
 * each sentence. All sentences, and all beginnings of each, are rows of one batch.
 *
 * <p>The score of a sentence is the sum of the logarithms of the probabilities of its words and of its end, divided by
 * {@code L^alpha} with the number L of them: with alpha 0 short sentences win, with more, longer ones.
 */
public final class SequenceSearch {
    /** The usual alpha. */
    public static final double LENGTH_PENALTY = 0.75;

    private final Trainable learned;
    private final EncoderDecoderSpec spec;
    private final int maxWords;

    /**
     * One sentence that was written.
     *
     * @param words without the beginning and the end
     * @param logProbability of its words and its end
     * @param score {@code logProbability / L^alpha}
     */
    public record Sentence(List<Integer> words, double logProbability, double score) {}

    /**
     * A search.
     *
     * @param learned the weights of the model
     * @param spec the model
     * @param maxWords largest number of words of a sentence, its end included
     */
    public SequenceSearch(Trainable learned, EncoderDecoderSpec spec, int maxWords) {
        this.learned = Arguments.notNull("learned", learned);
        this.spec = Arguments.notNull("spec", spec);
        this.maxWords = Arguments.positive("maxWords", maxWords);
    }

    /**
     * Writes for each source the word that is most probable after those before it, and so on.
     *
     * @param sources the words of each source, with its end, at least one
     * @param alpha of the score
     * @return a sentence for each source
     */
    public List<Sentence> greedy(List<int[]> sources, double alpha) {
        Arguments.inRange("alpha", alpha, 0, 10);
        List<Sentence> written = new ArrayList<>();
        try (Writer writer = new Writer(sources, 1)) {
            List<Beginning> beginnings = new ArrayList<>();
            for (int i = 0; i < sources.size(); i++) {
                beginnings.add(Beginning.EMPTY);
            }
            int[] words = new int[sources.size()];
            Arrays.fill(words, WordVocabulary.BOS);
            for (int t = 0; t < maxWords && beginnings.stream().anyMatch(b -> !b.ended()); t++) {
                writer.step(words, 1);
                for (int i = 0; i < words.length; i++) {
                    if (!beginnings.get(i).ended()) {
                        beginnings.set(i, beginnings.get(i).with(writer.word(i, 0), writer.logProbability(i, 0)));
                    }
                    words[i] = beginnings.get(i).last();
                }
            }
            beginnings.forEach(beginning -> written.add(beginning.sentence(alpha)));
        }
        return written;
    }

    /**
     * Writes for each source the sentence of the best score that a search finds which keeps so many beginnings after each word:
     * those of the highest probability. It is never one of a lower score than that of {@link #greedy}, which is a candidate too.
     *
     * @param sources the words of each source, with its end, at least one
     * @param beams number of beginnings that are kept, 1 to the size of the vocabulary less one
     * @param alpha of the score
     * @return a sentence for each source
     */
    public List<Sentence> beam(List<int[]> sources, int beams, double alpha) {
        Arguments.inRange("beams", beams, 1, spec.targetWords() - 1);
        List<Sentence> best = greedy(sources, alpha);
        try (Writer writer = new Writer(sources, beams)) {
            List<List<Beginning>> live = new ArrayList<>();
            for (int i = 0; i < sources.size(); i++) {
                live.add(List.of(Beginning.EMPTY));
            }
            int[] words = new int[sources.size() * beams];
            Arrays.fill(words, WordVocabulary.BOS);
            int[] parents = new int[words.length];
            for (int t = 0; t < maxWords && live.stream().anyMatch(some -> !some.isEmpty()); t++) {
                // Of the words after a beginning one may be the end, so one more than is kept is looked at.
                writer.step(words, beams + 1);
                for (int i = 0; i < sources.size(); i++) {
                    List<Beginning> longer = new ArrayList<>();
                    for (int j = 0; j < live.get(i).size(); j++) {
                        int row = i * beams + j;
                        for (int c = 0; c <= beams; c++) {
                            longer.add(
                                    live.get(i).get(j).with(writer.word(row, c), writer.logProbability(row, c), row));
                        }
                    }
                    longer.sort(Comparator.comparingDouble(Beginning::logProbability)
                            .reversed());
                    for (Beginning beginning : longer) {
                        if (beginning.ended() || t == maxWords - 1) {
                            best.set(i, better(best.get(i), beginning.sentence(alpha)));
                        }
                    }
                    List<Beginning> kept = longer.stream()
                            .filter(beginning -> !beginning.ended())
                            .limit(beams)
                            .toList();
                    live.set(i, canImprove(kept, best.get(i), alpha) ? kept : List.of());
                    for (int j = 0; j < beams; j++) {
                        boolean used = j < live.get(i).size();
                        words[i * beams + j] = used ? live.get(i).get(j).last() : WordVocabulary.EOS;
                        parents[i * beams + j] = used ? live.get(i).get(j).row() : i * beams;
                    }
                }
                writer.reorder(parents);
            }
        }
        return best;
    }

    private static Sentence better(Sentence one, Sentence other) {
        return other.score() > one.score() ? other : one;
    }

    /** A probability only falls, and the longest sentence has the smallest penalty: more than this none of them can reach. */
    private boolean canImprove(List<Beginning> kept, Sentence best, double alpha) {
        return !kept.isEmpty() && kept.get(0).logProbability() / Math.pow(maxWords, alpha) > best.score();
    }

    /** The first words of a sentence, and perhaps its end. */
    private record Beginning(List<Integer> words, double logProbability, int row) {
        static final Beginning EMPTY = new Beginning(List.of(), 0, 0);

        Beginning with(int word, double logProbability) {
            return with(word, logProbability, row);
        }

        Beginning with(int word, double logProbability, int row) {
            List<Integer> longer = new ArrayList<>(words);
            longer.add(word);
            return new Beginning(longer, this.logProbability + logProbability, row);
        }

        int last() {
            return words.get(words.size() - 1);
        }

        boolean ended() {
            return !words.isEmpty() && last() == WordVocabulary.EOS;
        }

        Sentence sentence(double alpha) {
            double score = logProbability / Math.pow(words.size(), alpha);
            return new Sentence(ended() ? words.subList(0, words.size() - 1) : words, logProbability, score);
        }
    }

    /** The rows of one search: sources that have been read, and decoders at the same word. */
    private final class Writer implements AutoCloseable {
        private final Backend scope = learned.backend().scope();
        private final int rows;
        private final IntTensor word;
        private final Tensor vector;
        private final Table target = learned.table("target.");
        private final Affine output = learned.affine("output.");
        private final Sampling sampling;
        private final Rnn decoder;
        private final RnnParameters weights;
        private final @Nullable AttentionOutput attention;
        private final @Nullable Tensor condition;
        private final IntTensor valid;
        private final Tensor encoded;
        private final Tensor y;
        private final Tensor logits;
        private RnnState state;
        private RnnState spare;
        private int choices;
        private int[] chosen = new int[0];
        private double[] logProbabilities = new double[0];

        /** Reads the sources; each one is the source of so many rows, one after the other. */
        Writer(List<int[]> sources, int copies) {
            int steps = sources.stream().mapToInt(source -> source.length).max().orElse(0);
            int sentences = sources.size();
            this.rows = sentences * copies;
            this.sampling = new Sampling(scope);
            this.decoder = scope.rnn(spec.decoder(), 1, rows, Purpose.INFERENCE);
            this.weights = learned.weights().rnn("decoder.", spec.decoder());
            this.word = scope.intTensor(1, rows);
            this.vector = scope.tensor(1, rows, spec.embeddingSize());
            this.y = scope.tensor(1, rows, spec.hiddenSize());
            this.logits = scope.tensor(1, rows, spec.targetWords());
            this.state = scope.state(spec.decoder(), rows);
            this.spare = scope.state(spec.decoder(), rows);

            int[] lengths = sources.stream().mapToInt(source -> source.length).toArray();
            IntTensor words = scope.intTensor(steps, sentences).set(byStep(sources, steps));
            Tensor vectors = scope.tensor(steps, sentences, spec.embeddingSize());
            learned.table("source.").forward(words, vectors);
            Tensor read = scope.tensor(steps, sentences, spec.encoder().outputSize());
            RnnState last = scope.state(spec.encoder(), sentences);
            Rnn encoder = scope.rnn(spec.encoder(), steps, sentences, Purpose.INFERENCE);
            encoder.call(learned.weights().rnn("encoder.", spec.encoder()), vectors)
                    .lengths(lengths)
                    .y(read)
                    .last(last)
                    .run();
            StateBridge bridge = new StateBridge(scope, learned, spec.encoder(), spec.decoder(), sentences);
            int[] origin = new int[rows];
            for (int row = 0; row < rows; row++) {
                origin[row] = row / copies;
            }
            state.gather(bridge.forward(last), origin);
            if (spec.source() == EncoderDecoderSpec.Source.SUMMARY) {
                this.attention = null;
                this.condition = repeated(new Summary(scope, learned, spec, sentences).forward(last), 1, origin);
                this.encoded = read;
                this.valid = words;
            } else {
                this.condition = null;
                this.encoded = repeated(read, steps, origin);
                this.valid = scope.intTensor(rows)
                        .set(Arrays.stream(origin).map(i -> lengths[i]).toArray());
                this.attention = new AttentionOutput(scope, learned, spec, steps, 1, rows);
                attention.read(encoded);
            }
        }

        private static int[] byStep(List<int[]> sources, int steps) {
            int[] words = new int[steps * sources.size()];
            Arrays.fill(words, WordVocabulary.PAD);
            for (int n = 0; n < sources.size(); n++) {
                for (int t = 0; t < sources.get(n).length; t++) {
                    words[t * sources.size() + n] = sources.get(n)[t];
                }
            }
            return words;
        }

        /** {@code [S,N,K]} or {@code [N,K]} with the row of its origin in each row: a gather. */
        private Tensor repeated(Tensor values, int steps, int[] origin) {
            int size = values.dimension(values.rank() - 1);
            int sentences = values.size() / steps / size;
            int[] indices = new int[steps * rows];
            for (int s = 0; s < steps; s++) {
                for (int row = 0; row < rows; row++) {
                    indices[s * rows + row] = s * sentences + origin[row];
                }
            }
            Tensor target =
                    steps == 1 && values.rank() == 2 ? scope.tensor(rows, size) : scope.tensor(steps, rows, size);
            Embedding gather = scope.embedding(steps * sentences, size);
            gather.forward(
                    values.view(0, steps * sentences, size),
                    scope.intTensor(indices.length).set(indices),
                    target);
            return target;
        }

        /** Shows each row its next word, and chooses the most probable ones to follow. */
        void step(int[] words, int choices) {
            target.forward(word.set(words), vector);
            ForwardCall call = decoder.call(weights, vector).initial(state).y(y).last(state);
            (condition != null ? call.condition(condition) : call).run();
            output.forward(attention != null ? attention.forward(y, encoded, valid) : y, logits);
            this.choices = choices;
            try (IntTensor indices = scope.intTensor(rows, choices);
                    Tensor logs = scope.tensor(rows, choices)) {
                sampling.best(logits, choices, indices, logs);
                chosen = indices.toInts();
                logProbabilities = logs.toDoubles();
            }
        }

        int word(int row, int choice) {
            return chosen[row * choices + choice];
        }

        double logProbability(int row, int choice) {
            return logProbabilities[row * choices + choice];
        }

        /** Each row goes on from the state of another. */
        void reorder(int[] parents) {
            spare.gather(state, parents);
            RnnState old = state;
            state = spare;
            spare = old;
        }

        @Override
        public void close() {
            scope.close();
        }
    }
}
