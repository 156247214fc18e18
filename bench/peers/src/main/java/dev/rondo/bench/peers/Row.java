package dev.rondo.bench.peers;

import java.util.List;

/**
 * One line of the table: a case and what came of each library.
 *
 * @param rnn the case
 * @param outcomes in the order of the table
 */
record Row(RnnCase rnn, List<Outcome> outcomes) {
    /** The best peer's time divided by Rondo's, so above 1 where Rondo is the faster one; NaN if one of them is missing. */
    double ratio() {
        double rondo = Double.NaN;
        double best = Double.NaN;
        for (Outcome outcome : outcomes) {
            if (outcome.library() == Library.RONDO) {
                rondo = outcome.time();
            } else if (outcome.time() < best || Double.isNaN(best)) {
                best = outcome.time();
            }
        }
        return best / rondo;
    }
}
