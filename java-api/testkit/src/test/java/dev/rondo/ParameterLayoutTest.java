package dev.rondo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.rondo.contract.Refusal;
import org.junit.jupiter.api.Test;

class ParameterLayoutTest {
    private static final int LARGEST = Integer.MAX_VALUE - 8;

    @Test
    void layoutsAreAppendedBehindAPrefix() {
        ParameterLayout layout = ParameterLayout.builder()
                .add("embedding.", Embedding.layout(5, 2))
                .add("head.", Linear.layout(2, 5))
                .build();
        assertEquals(10, layout.entry("head.weight").offset());
        assertArrayEquals(new int[] {5, 2}, layout.entry("head.weight").shape());
        assertEquals(20, layout.entry("head.bias").offset());
        assertEquals(25, layout.size());
        assertEquals(0, ParameterLayout.builder().build().size());
    }

    @Test
    void wrongNamesAndSizesAreRefused() {
        ParameterLayout layout = Linear.layout(2, 5);
        ParameterLayout.Builder more = ParameterLayout.builder().add("", layout);
        Refusal.illegalArgument(() -> more.add("bias", 3), "name: expected one that is not taken, got bias");
        Refusal.illegalArgument(() -> layout.entry("b"), "name: expected one of [weight, bias], got b");
        Refusal.illegalArgument(() -> more.add("more", 3, 0), "more: expected", "at least 1", "[3, 0]");
        Refusal.nullArgument(() -> more.add(null, 3), "name");
        Refusal.nullArgument(() -> more.add("more.", (ParameterLayout) null), "part");
        int max = Integer.MAX_VALUE;
        Refusal.illegalArgument(() -> more.add("more", max, max), "more: expected at most 2147483639", "got 15");
        Refusal.illegalArgument(() -> more.add("more", max, max, max), "more", "[2147483647, 2147483647");
        Refusal.illegalArgument(() -> more.add("more", LARGEST - 14), "more: expected at most 2147483639");
        assertEquals(LARGEST, more.add("more", LARGEST - 15).build().size());
    }

    @Test
    void viewsShareTheFlatTensor() {
        Tensor flat = Tensor.wrap(new float[15], 15);
        try (Parameters parameters = new Parameters(Linear.layout(2, 5), flat)) {
            parameters.tensor("bias").fill(2);
            assertArrayEquals(
                    new double[] {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 2, 2, 2, 2},
                    parameters.flat().toDoubles());
            assertSame(parameters.tensor("bias"), parameters.tensor("bias"));
            Refusal.illegalArgument(() -> parameters.tensor("b"), "name: expected one of [weight, bias], got b");
            Refusal.nullArgument(() -> parameters.tensor(null), "name");
        }
        Refusal.illegalState(flat::toDoubles, "closed");
        Refusal.illegalArgument(() -> new Parameters(Linear.layout(2, 4), flat), "flat: expected", "[12]", "[15]");
    }
}
