package dev.rondo.cuda;

import dev.rondo.RnnSpec;
import java.util.function.ToDoubleFunction;

/** The form of the recurrence of one layer and pass, for the sizes of the last call: only others are looked up. */
final class RecurrenceForm {
    private final Plans plans;
    private final RnnSpec spec;
    private final boolean forward;
    private int batch;
    private int steps;
    private Recurrence form;

    RecurrenceForm(Plans plans, RnnSpec spec, boolean forward) {
        this.plans = plans;
        this.spec = spec;
        this.forward = forward;
        this.form = new StepRecurrence(forward);
    }

    /**
     * Chooses for the sizes of a call.
     *
     * @param measure gives the time of a form in microseconds
     */
    void choose(int callSteps, int callBatch, ToDoubleFunction<Recurrence> measure) {
        if (steps != callSteps || batch != callBatch) {
            form = plans.choose(
                    new Plans.Shape(spec.cell(), forward, spec.hiddenSize(), callBatch, callSteps), measure);
            steps = callSteps;
            batch = callBatch;
        }
    }

    /** Launches all steps. */
    void launch(LayerPass pass) {
        form.launch(pass);
    }
}
