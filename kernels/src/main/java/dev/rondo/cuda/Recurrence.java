package dev.rondo.cuda;

/**
 * The loop over the steps of one layer and direction, forward or backward, in one of its forms. All forms take the same from
 * the gates and states of a pass and leave the same there, up to the order of sums; each one by itself gives the same bits
 * from run to run.
 */
interface Recurrence {
    /** The name by which a form is chosen: {@code step}, {@code cluster:4x2}, {@code grid:132x1}. */
    String name();

    /** Launches all steps. */
    void launch(LayerPass pass);
}
