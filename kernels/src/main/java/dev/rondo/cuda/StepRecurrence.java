package dev.rondo.cuda;

/**
 * A product and a kernel of the cell for each step: every cell, every shape, every device.
 *
 * @param forward whether it goes forward
 */
record StepRecurrence(boolean forward) implements Recurrence {
    /** The name of this form. */
    static final String NAME = "step";

    @Override
    public String name() {
        return NAME;
    }

    @Override
    public void launch(LayerPass pass) {
        if (forward) {
            for (int s = 0; s < pass.steps(); s++) {
                pass.cell().forward(pass, s);
            }
        } else {
            for (int s = pass.steps() - 1; s >= 0; s--) {
                pass.cell().backward(pass, s);
                pass.keepPastLengths(s);
            }
        }
    }
}
