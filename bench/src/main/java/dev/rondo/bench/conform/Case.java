package dev.rondo.bench.conform;

import dev.rondo.bench.check.CaseTensor;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * One case of a file: a network with its weights and input, and what must come out.
 *
 * @param file the file, as the caller named it
 * @param line where the case begins
 * @param name unique in its file
 * @param op the operator
 * @param profile {@code core} or {@code extended}
 * @param source where the case comes from; may be empty
 * @param attributes the attributes
 * @param atol largest accepted absolute difference per element
 * @param inputs by name, in the order of the file
 * @param outputs by name, in the order of the file; at least one
 */
record Case(
        String file,
        int line,
        String name,
        Operator op,
        String profile,
        String source,
        CaseAttributes attributes,
        double atol,
        Map<String, CaseTensor> inputs,
        Map<String, CaseTensor> outputs) {

    /** T. */
    int steps() {
        return x().shape()[attributes.batchMajor() ? 1 : 0];
    }

    /** N. */
    int batch() {
        return x().shape()[attributes.batchMajor() ? 0 : 1];
    }

    /** I. */
    int inputSize() {
        return x().shape()[2];
    }

    private CaseTensor x() {
        return input("X");
    }

    /** The input of a name that every case has. */
    CaseTensor input(String required) {
        CaseTensor tensor = inputs.get(required);
        if (tensor == null) {
            throw new IllegalStateException("case " + name + " has no input " + required);
        }
        return tensor;
    }

    /** The values of an input, or null if the case has none of that name. */
    double @Nullable [] values(String optional) {
        CaseTensor tensor = inputs.get(optional);
        return tensor == null ? null : tensor.values();
    }

    /** The valid steps of every row, or null if the case does not say: T everywhere. */
    int @Nullable [] lengths() {
        double[] values = values("sequence_lens");
        if (values == null) {
            return null;
        }
        int[] lengths = new int[values.length];
        for (int n = 0; n < lengths.length; n++) {
            lengths[n] = (int) values[n];
        }
        return lengths;
    }

    /** Whether the case asks for the backward pass. */
    boolean isGradientCase() {
        return inputs.containsKey("dY") || inputs.containsKey("dY_h") || inputs.containsKey("dY_c");
    }
}
