package dev.rondo.model;

import dev.rondo.internal.Arguments;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * BLEU of a corpus as sacreBLEU defines it (Papineni et al. 2002; Post, "A call for clarity in reporting BLEU scores", 2018): up to
 * four words in a row, one or more references for each sentence, the words of the rule "13a", a precision of zero replaced by half of the
 * smallest possible one, a quarter for the next, and so on ("exp").
 */
public final class Bleu {
    private static final int ORDER = 4;

    private Bleu() {}

    /**
     * The score of translations.
     *
     * @param translations at least one
     * @param references those of each translation, at least one
     * @return 0 to 100
     * @throws IllegalArgumentException if there are more of one than of the other, or none
     */
    public static double score(List<String> translations, List<List<String>> references) {
        if (translations.size() != references.size()) {
            throw new IllegalArgumentException("translations: expected " + references.size()
                    + ", one for each list of references, got " + translations.size());
        }
        Arguments.positive("references.size", references.size());
        long[] correct = new long[ORDER];
        long[] total = new long[ORDER];
        long length = 0;
        long referenceLength = 0;
        for (int i = 0; i < references.size(); i++) {
            List<String> words = words(translations.get(i));
            List<List<String>> all = references.get(i).stream().map(Bleu::words).toList();
            length += words.size();
            referenceLength += closest(all, words.size());
            for (int n = 1; n <= ORDER; n++) {
                Map<List<String>, Integer> there = new HashMap<>();
                for (List<String> reference : all) {
                    counts(reference, n).forEach((gram, count) -> there.merge(gram, count, Math::max));
                }
                for (Map.Entry<List<String>, Integer> one : counts(words, n).entrySet()) {
                    correct[n - 1] += Math.min(one.getValue(), there.getOrDefault(one.getKey(), 0));
                    total[n - 1] += one.getValue();
                }
            }
        }
        return score(correct, total, length, referenceLength);
    }

    /** The length of the reference that is nearest to a length; of two, the shorter. */
    private static int closest(List<List<String>> references, int length) {
        return references.stream()
                .map(List::size)
                .min(Comparator.<Integer>comparingInt(size -> Math.abs(size - length))
                        .thenComparing(Comparator.naturalOrder()))
                .orElseThrow(() -> new IllegalArgumentException("references: expected at least one, got none"));
    }

    private static double score(long[] correct, long[] total, long length, long referenceLength) {
        if (correct[0] == 0 || total[ORDER - 1] == 0) {
            return 0;
        }
        double smoothing = 1;
        double logs = 0;
        for (int n = 0; n < ORDER; n++) {
            double precision = (double) correct[n] / total[n];
            if (correct[n] == 0) {
                smoothing *= 2;
                precision = 1 / (smoothing * total[n]);
            }
            logs += Math.log(precision) / ORDER;
        }
        double brevity = length < referenceLength ? Math.exp(1 - (double) referenceLength / length) : 1;
        return 100 * brevity * Math.exp(logs);
    }

    private static Map<List<String>, Integer> counts(List<String> words, int n) {
        Map<List<String>, Integer> counts = new HashMap<>();
        for (int i = 0; i + n <= words.size(); i++) {
            counts.merge(words.subList(i, i + n), 1, Integer::sum);
        }
        return counts;
    }

    /** The rule "13a": symbols stand alone; full stop and comma too, except between digits; a hyphen after a digit too. */
    static List<String> words(String text) {
        String line = " "
                + text.replace("<skipped>", "")
                        .replace("-\n", "")
                        .replace('\n', ' ')
                        .replace("&quot;", "\"")
                        .replace("&amp;", "&")
                        .replace("&lt;", "<")
                        .replace("&gt;", ">")
                + " ";
        String spaced = line.replaceAll("([\\{-~\\[-` -&\\(-\\+:-@/])", " $1 ")
                .replaceAll("([^0-9])([.,])", "$1 $2 ")
                .replaceAll("([.,])([^0-9])", " $1 $2")
                .replaceAll("([0-9])(-)", "$1 $2 ")
                .strip();
        return spaced.isEmpty() ? List.of() : List.of(spaced.split("\\s+"));
    }
}
