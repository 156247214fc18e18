package dev.rondo.model;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import dev.rondo.model.EncoderDecoderSpec.Source;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** {@link EncoderDecoder} and {@link SequenceSearch}: gradients, and that a search scores what the model says. */
public abstract class EncoderDecoderContract extends GradientsContract {
    private static final int WORDS = 7;

    static Stream<EncoderDecoderSpec> specs() {
        List<EncoderDecoderSpec> specs = new ArrayList<>();
        for (Source source : Source.values()) {
            specs.add(EncoderDecoderSpec.of(Cell.LSTM, 6, WORDS, 3, 4).withSource(source));
            specs.add(EncoderDecoderSpec.of(Cell.GRU, 6, WORDS, 4, 3)
                    .withLayers(2)
                    .withBidirectionalEncoder(true)
                    .withSource(source));
            specs.add(EncoderDecoderSpec.of(Cell.LSTM, 6, WORDS, 3, 5)
                    .withLayers(2)
                    .withBidirectionalEncoder(source != Source.DOT_ATTENTION)
                    .withSource(source));
        }
        return specs.stream();
    }

    @ParameterizedTest
    @MethodSource("specs")
    void gradientsAreRight(EncoderDecoderSpec spec) {
        assumeSupported(spec.encoder());
        check(backend -> new Pairs(backend, spec));
    }

    private static final class Pairs implements Example {
        private final EncoderDecoder model;
        private final IntTensor source;
        private final IntTensor inputs;
        private final IntTensor targets;

        Pairs(Backend backend, EncoderDecoderSpec spec) {
            model = new EncoderDecoder(backend, spec, 4, 3, 3);
            source = backend.intTensor(4, 3).set(4, 5, 4, 5, 4, 5, 2, 5, 4, 0, 2, 5);
            inputs = backend.intTensor(3, 3).set(1, 1, 1, 4, 5, 6, 5, 0, 4);
            targets = backend.intTensor(3, 3).set(4, 5, 6, 5, 2, 4, 2, -1, 3);
        }

        @Override
        public Trainable learned() {
            return model.learned();
        }

        @Override
        public void train(Tensor loss) {
            model.train(source, new int[] {3, 4, 4}, inputs, new int[] {3, 2, 3}, targets, loss);
        }

        @Override
        public void close() {
            model.close();
            source.close();
            inputs.close();
            targets.close();
        }
    }

    /** What a search says of its sentences is what the model says when they are given. */
    @ParameterizedTest
    @MethodSource("specs")
    void searchScoresWhatTheModelSays(EncoderDecoderSpec spec) {
        assumeSupported(spec.encoder());
        List<int[]> sources = List.of(new int[] {4, 5, 2}, new int[] {5, 2}, new int[] {4, 4, 5, 5, 2});
        int maxWords = 5;
        try (EncoderDecoder model = new EncoderDecoder(backend(), spec, 5, maxWords, 1)) {
            model.learned().initialize(3);
            SequenceSearch search = new SequenceSearch(model.learned(), spec, maxWords);
            List<SequenceSearch.Sentence> greedy = search.greedy(sources, 0.75);
            List<SequenceSearch.Sentence> beam = search.beam(sources, 3, 0.75);
            for (int i = 0; i < sources.size(); i++) {
                checkScore(model, sources.get(i), greedy.get(i), maxWords);
                checkScore(model, sources.get(i), beam.get(i), maxWords);
                assertTrue(beam.get(i).score() >= greedy.get(i).score(), "beam below greedy");
            }
            // A beam as wide as there are beginnings finds the best of all.
            double exhaustive = bestOfAll(model, sources.get(0), 2);
            SequenceSearch shortSearch = new SequenceSearch(model.learned(), spec, 2);
            double found = shortSearch
                    .beam(sources.subList(0, 1), WORDS - 1, 0.75)
                    .get(0)
                    .score();
            assertEquals(exhaustive, found, isDouble() ? 1e-9 : 1e-4);
        }
    }

    private void checkScore(EncoderDecoder model, int[] source, SequenceSearch.Sentence sentence, int maxWords) {
        boolean ended = sentence.words().size() < maxWords;
        List<Integer> all = new ArrayList<>(sentence.words());
        if (ended) {
            all.add(WordVocabulary.EOS);
        }
        double expected = logProbability(model, source, all);
        assertEquals(expected, sentence.logProbability(), isDouble() ? 1e-9 : 1e-4);
        assertEquals(expected / Math.pow(all.size(), 0.75), sentence.score(), isDouble() ? 1e-9 : 1e-4);
    }

    private double bestOfAll(EncoderDecoder model, int[] source, int maxWords) {
        double best = logProbability(model, source, List.of(WordVocabulary.EOS));
        for (int first = 0; first < WORDS; first++) {
            for (int second = 0; first != WordVocabulary.EOS && second < WORDS; second++) {
                double log = logProbability(model, source, List.of(first, second));
                best = Math.max(best, log / Math.pow(maxWords, 0.75));
            }
        }
        return best;
    }

    private double logProbability(EncoderDecoder model, int[] source, List<Integer> words) {
        int steps = 5;
        int[] sourceWords = new int[steps];
        System.arraycopy(source, 0, sourceWords, 0, source.length);
        int[] inputs = new int[steps];
        inputs[0] = WordVocabulary.BOS;
        for (int t = 1; t < words.size(); t++) {
            inputs[t] = words.get(t - 1);
        }
        try (IntTensor x = backend().intTensor(steps, 1).set(sourceWords);
                IntTensor shown = backend().intTensor(steps, 1).set(inputs)) {
            double[] logits = model.forward(x, new int[] {source.length}, shown, new int[] {words.size()})
                    .toDoubles();
            double sum = 0;
            for (int t = 0; t < words.size(); t++) {
                double total = 0;
                for (int v = 0; v < WORDS; v++) {
                    total += Math.exp(logits[t * WORDS + v]);
                }
                sum += logits[t * WORDS + words.get(t)] - Math.log(total);
            }
            return sum;
        }
    }

    @Test
    void greedyIsABeamOfOneAtLeast() {
        EncoderDecoderSpec spec = EncoderDecoderSpec.of(Cell.GRU, 6, WORDS, 3, 4);
        assumeSupported(spec.encoder());
        try (EncoderDecoder model = new EncoderDecoder(backend(), spec, 3, 4, 1)) {
            model.learned().initialize(9);
            SequenceSearch search = new SequenceSearch(model.learned(), spec, 4);
            List<int[]> sources = List.of(new int[] {4, 5, 2});
            assertTrue(search.beam(sources, 1, 1).get(0).score()
                    >= search.greedy(sources, 1).get(0).score());
        }
    }
}
