package dev.rondo.contract;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Direction;
import dev.rondo.Purpose;
import dev.rondo.RnnSpec;
import java.util.Arrays;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What the directions have to do with each other. */
public abstract class DirectionContract extends BackendContract {
    /** For subclasses. */
    protected DirectionContract() {}

    static Stream<RnnCase> bidirectional() {
        return RnnCases.all().stream()
                .filter(network -> network.spec.direction() == Direction.BIDIRECTIONAL && network.spec.layers() == 1);
    }

    static Stream<RnnCase> reverse() {
        return RnnCases.all().stream().filter(network -> network.spec.direction() == Direction.REVERSE);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("bidirectional")
    void bidirectionalEqualsOneNetworkForEachDirection(RnnCase both) {
        RnnOutcome expected = both.run(backend());
        double[] dx = new double[both.x.length];
        for (int d = 0; d < 2; d++) {
            RnnSpec spec = both.spec.withDirection(d == 0 ? Direction.FORWARD : Direction.REVERSE);
            int half = both.weights.length / 2;
            RnnCase one = both.withSpec(spec);
            one.weights = Arrays.copyOfRange(both.weights, d * half, (d + 1) * half);
            one.initial = both.initial.part(2, d);
            one.dLast = both.dLast.part(2, d);
            one.dy = half(both.dy, spec.hiddenSize(), d);
            RnnOutcome actual = one.run(backend());
            assertArrayEquals(half(expected.y(), spec.hiddenSize(), d), actual.y(), spec.direction() + " y");
            expected.last().part(2, d).assertSameBits(spec.direction() + " last", actual.last());
            expected.dInitial().part(2, d).assertSameBits(spec.direction() + " dInitial", actual.dInitial());
            assertArrayEquals(
                    Arrays.copyOfRange(expected.gradients(), d * half, (d + 1) * half),
                    actual.gradients(),
                    spec.direction() + " gradients");
            for (int i = 0; i < dx.length; i++) {
                dx[i] += actual.dx()[i];
            }
        }
        backward().check("dx", dx, expected.dx());
    }

    /** Of vectors of two halves, one half. */
    private static double[] half(double[] values, int hidden, int d) {
        double[] half = new double[values.length / 2];
        for (int m = 0; m < half.length / hidden; m++) {
            System.arraycopy(values, (2 * m + d) * hidden, half, m * hidden, hidden);
        }
        return half;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("reverse")
    void reverseEqualsForwardOnReversedRows(RnnCase reverse) {
        RnnCase forward = reverse.withSpec(reverse.spec.withDirection(Direction.FORWARD));
        forward.x = reversedRows(reverse, reverse.x);
        forward.dy = reversedRows(reverse, reverse.dy);
        RnnOutcome expected = forward.run(backend());
        RnnOutcome actual = reverse.run(backend());
        assertArrayEquals(reversedRows(reverse, expected.y()), actual.y(), "y");
        expected.last().assertSameBits("last", actual.last());
        assertArrayEquals(reversedRows(reverse, expected.dx()), actual.dx(), "dx");
        expected.dInitial().assertSameBits("dInitial", actual.dInitial());
        backward().check("gradients", expected.gradients(), actual.gradients());
    }

    /** The valid steps of each row in the opposite order. */
    private static double[] reversedRows(RnnCase network, double[] values) {
        int size = values.length / (network.steps * network.batch);
        double[] reversed = values.clone();
        for (int n = 0; n < network.batch; n++) {
            for (int t = 0; t < network.length(n); t++) {
                int from = ((network.length(n) - 1 - t) * network.batch + n) * size;
                System.arraycopy(values, from, reversed, (t * network.batch + n) * size, size);
            }
        }
        return reversed;
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("reverse")
    void theLastStateOfAReverseNetworkIsItsFirstOutput(RnnCase reverse) {
        RnnOutcome actual = reverse.forward(backend(), Purpose.INFERENCE);
        int hidden = reverse.spec.hiddenSize();
        int top = reverse.spec.layers() - 1;
        boolean any = false;
        for (int n = 0; n < reverse.batch; n++) {
            if (reverse.length(n) > 0) {
                any = true;
                assertArrayEquals(
                        Arrays.copyOfRange(actual.y(), n * hidden, (n + 1) * hidden),
                        actual.last().row(reverse.spec, reverse.batch, top, n).h());
            }
        }
        assertTrue(any);
    }
}
