package dev.rondo.bench.conform;

import dev.rondo.Cell;
import dev.rondo.RnnSpec;
import java.util.ArrayList;
import java.util.List;

/** What Rondo has of the things that a case can ask for. */
final class CaseSupport {
    private CaseSupport() {}

    /** The names of what a case asks for and Rondo does not have; empty if Rondo can run it. */
    static List<String> missing(Case tested) {
        List<String> missing = new ArrayList<>();
        CaseAttributes attributes = tested.attributes();
        if (tested.steps() == 0 || tested.batch() == 0 || tested.inputSize() == 0) {
            missing.add("X of size 0");
        }
        if (tested.inputs().containsKey("P") || tested.outputs().containsKey("dP")) {
            missing.add("peepholes (P)");
        }
        if (attributes.inputForget() && tested.op() == Operator.LSTM) {
            missing.add("coupled gates (input_forget 1)");
        }
        if (attributes.clip() > 0) {
            missing.add("clip " + attributes.clip());
        }
        missing.addAll(missingActivations(tested));
        attributes.unknown().forEach(name -> missing.add("attribute " + name));
        return List.copyOf(missing);
    }

    private static List<String> missingActivations(Case tested) {
        List<String> missing = new ArrayList<>();
        List<List<String>> perDirection = tested.attributes().activations();
        if (tested.op() == Operator.RNN) {
            for (List<String> names : perDirection) {
                String f = names.get(0);
                if (!f.equalsIgnoreCase("Tanh") && !f.equalsIgnoreCase("Relu")) {
                    missing.add("activation " + f + " as f of RNN");
                }
            }
            String first = perDirection.get(0).get(0);
            String last = perDirection.get(perDirection.size() - 1).get(0);
            if (missing.isEmpty() && !first.equalsIgnoreCase(last)) {
                missing.add("activations " + first + " and " + last + " in one RNN");
            }
            return missing;
        }
        List<String> defaults = tested.op().activations();
        for (List<String> names : perDirection) {
            for (int k = 0; k < defaults.size(); k++) {
                if (!names.get(k).equalsIgnoreCase(defaults.get(k))) {
                    missing.add("activation " + names.get(k) + " as " + "fgh".charAt(k) + " of " + tested.op());
                }
            }
        }
        return missing.stream().distinct().toList();
    }

    /** The network of a case from which nothing is {@link #missing}. */
    static RnnSpec spec(Case tested) {
        CaseAttributes attributes = tested.attributes();
        boolean bias = tested.inputs().containsKey("B") || tested.outputs().containsKey("dB");
        return RnnSpec.of(cell(tested), tested.inputSize(), attributes.hiddenSize())
                .withDirection(attributes.direction())
                .withBias(bias);
    }

    private static Cell cell(Case tested) {
        CaseAttributes attributes = tested.attributes();
        return switch (tested.op()) {
            case LSTM -> Cell.LSTM;
            case GRU -> attributes.linearBeforeReset() ? Cell.GRU : Cell.GRU_RESET_BEFORE;
            case RNN -> attributes.activations().get(0).get(0).equalsIgnoreCase("Relu") ? Cell.RNN_RELU : Cell.RNN_TANH;
        };
    }
}
