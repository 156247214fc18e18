package dev.rondo.bench.task;

/** The answers of a network whose logits name a class. */
final class Answers {
    private Answers() {}

    /**
     * The share of the right ones.
     *
     * @param logits {@code [M,classes]}
     * @param expected the class of each row; negative for a row that does not count
     */
    static double right(float[] logits, int[] expected) {
        int classes = logits.length / expected.length;
        int counted = 0;
        int right = 0;
        for (int m = 0; m < expected.length; m++) {
            if (expected[m] >= 0) {
                int best = 0;
                for (int c = 1; c < classes; c++) {
                    best = logits[m * classes + c] > logits[m * classes + best] ? c : best;
                }
                counted++;
                right += best == expected[m] ? 1 : 0;
            }
        }
        return counted == 0 ? Double.NaN : (double) right / counted;
    }
}
