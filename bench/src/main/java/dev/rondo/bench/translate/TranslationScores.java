package dev.rondo.bench.translate;

import dev.rondo.model.Bleu;
import dev.rondo.model.SentencePairs;
import dev.rondo.model.Translator;
import java.io.PrintWriter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/**
 * Translations of sentences that have reference translations. A sentence that comes more than once is translated once, and each of
 * its translations is a reference.
 */
final class TranslationScores {
    private final List<List<String>> sources = new ArrayList<>();
    private final List<List<String>> references = new ArrayList<>();
    private final List<Translator.Translation> greedy;
    private final List<Translator.Translation> beam;

    private TranslationScores(Translator translator, SentencePairs pairs, int beams, double alpha) {
        Map<List<String>, Set<String>> known = new LinkedHashMap<>();
        for (int i = 0; i < pairs.size(); i++) {
            known.computeIfAbsent(pairs.sources().get(i), any -> new LinkedHashSet<>())
                    .add(String.join(" ", pairs.targets().get(i)));
        }
        known.forEach((source, translations) -> {
            sources.add(source);
            references.add(List.copyOf(translations));
        });
        this.greedy = translator.translate(sources, 1, alpha);
        this.beam = translator.translate(sources, beams, alpha);
    }

    static TranslationScores of(Translator translator, SentencePairs pairs, int beams, double alpha) {
        return new TranslationScores(translator, pairs, beams, alpha);
    }

    double greedyBleu() {
        return bleu(greedy);
    }

    double beamBleu() {
        return bleu(beam);
    }

    private double bleu(List<Translator.Translation> translations) {
        return Bleu.score(
                translations.stream().map(one -> String.join(" ", one.words())).toList(), references);
    }

    /** The part of the sentences whose translation by beam search is one of their references. */
    double exact() {
        int exact = 0;
        for (int i = 0; i < beam.size(); i++) {
            exact += references.get(i).contains(String.join(" ", beam.get(i).words())) ? 1 : 0;
        }
        return (double) exact / beam.size();
    }

    /** Sentences whose beam search found less than greedy search: none. */
    int beamBelowGreedy() {
        int below = 0;
        for (int i = 0; i < beam.size(); i++) {
            below += beam.get(i).score() < greedy.get(i).score() ? 1 : 0;
        }
        return below;
    }

    int size() {
        return sources.size();
    }

    void print(PrintWriter out, String which, int shown) {
        for (int i = 0; i < Math.min(shown, sources.size()); i++) {
            out.printf(
                    "%s => %s%n",
                    String.join(" ", sources.get(i)),
                    String.join(" ", beam.get(i).words()));
        }
        out.printf(
                Locale.ROOT,
                "%,d sentences %s: BLEU %.2f greedy, %.2f by beam search, %.1f %% as a reference; beam search below greedy: %d%n",
                size(),
                which,
                greedyBleu(),
                beamBleu(),
                100 * exact(),
                beamBelowGreedy());
        out.flush();
    }
}
