package dev.rondo.bench.check;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.Precision;
import dev.rondo.bench.FaultyProvider;
import dev.rondo.bench.FaultyProvider.Fault;
import dev.rondo.bench.check.Check.Output;
import dev.rondo.bench.check.Verification.Row;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

class VerificationTest {
    private static final Check SMALL = NetworkCheck.beforeTiming(Cell.LSTM).get(2);

    private static void withFault(Fault fault, Consumer<Verification> test) throws IOException {
        withFault(fault, Precision.FP32, test);
    }

    private static void withFault(Fault fault, Precision precision, Consumer<Verification> test) throws IOException {
        FaultyProvider.with(fault, () -> {
            try (Backend faulty = Backend.named(FaultyProvider.NAME);
                    Backend oracle = Backend.named(Verification.ORACLE)) {
                test.accept(new Verification(faulty, oracle, precision));
            }
        });
    }

    @Test
    void whatIsOffFailsAndIsNamed() throws IOException {
        withFault(Fault.OFF, verification -> {
            String failure = verification.add(SMALL).orElseThrow().toString();
            assertTrue(failure.startsWith("LSTM T7 N3 I5 H13 L1 forward: dh0[0,0,0] expected "), failure);
            assertTrue(failure.contains("(1 of 39 elements)"), failure);
            Verification.Worst worst = verification.worst().get(new Row("LSTM", "dh0"));
            assertEquals(1e-3, worst.error(), 1e-9);
            assertEquals(20, verification.largestShare(), 10); // 1e-3 of 5e-5, or less where a gradient is above 1
            assertEquals(0, verification.worst().get(new Row("LSTM", "y")).error());
            assertTrue(verification.repeats());
        });
    }

    /** 1e-3 is what TF32 and BF16 may cost, and not what they never do. */
    @Test
    void modesThatRoundMayBeFurtherOff() throws IOException {
        withFault(
                Fault.OFF,
                Precision.TF32X3,
                verification -> assertTrue(verification.add(SMALL).isPresent()));
        for (Precision precision : List.of(Precision.TF32, Precision.BF16)) {
            withFault(Fault.OFF, precision, verification -> {
                assertTrue(
                        verification.add(SMALL).isEmpty(),
                        verification.failures().toString());
                double most = precision == Precision.TF32 ? 0.01 : 0.08;
                verification.worst().forEach((row, worst) -> {
                    assertTrue(worst.tolerance() > most / 100, row + ": " + worst.tolerance());
                    assertTrue(worst.tolerance() < most, row + ": " + worst.tolerance());
                });
            });
            withFault(
                    Fault.NAN,
                    precision,
                    verification -> assertTrue(verification.add(SMALL).isPresent()));
        }
    }

    @ParameterizedTest
    @CsvSource({
        "BF16, 1.00390625, 1",
        "BF16, 1.0078125, 1.0078125",
        "BF16, -3.01, -3.015625",
        "TF32, 1.00048828125, 1",
        "TF32, 1.0009765625, 1.0009765625",
        "TF32, 0, 0",
        "TF32, NaN, NaN"
    })
    void numbersAreRoundedToThoseOfTheMode(Precision precision, double value, double expected) {
        assertEquals(expected, ModeTolerance.rounded(precision, value));
    }

    @Test
    void nanFails() throws IOException {
        withFault(Fault.NAN, verification -> {
            String failure = verification.add(SMALL).orElseThrow().toString();
            assertTrue(failure.contains("y of inference[6,2,12] expected "), failure);
            assertTrue(failure.contains("got NaN"), failure);
            assertTrue(Double.isNaN(verification.largestShare()));
        });
    }

    @Test
    void otherBitsInTheRepetitionFail() throws IOException {
        withFault(Fault.RESTLESS, verification -> {
            String failure = verification.add(SMALL).orElseThrow().toString();
            assertEquals("LSTM " + SMALL.name() + ": y had other bits when the same was computed again", failure);
            assertFalse(verification.repeats());
            assertTrue(verification.largestShare() < 1);
        });
    }

    @Test
    void whatThrowsFailsInOneLine() throws IOException {
        withFault(Fault.THROWING, verification -> {
            String failure = verification.add(SMALL).orElseThrow().toString();
            assertTrue(failure.endsWith("the backend threw dev.rondo.BackendException: the device is gone"), failure);
            assertEquals(1, verification.checks());
            assertEquals(1, verification.failures().size());
        });
    }

    @Test
    void whatTheBackendDoesNotHaveIsSkippedWithItsReason() throws IOException {
        withFault(Fault.WITHOUT_RELU, verification -> {
            Check relu = NetworkCheck.beforeTiming(Cell.RNN_RELU).get(2);
            assertTrue(verification.add(relu).isEmpty());
            for (Check check : LayerChecks.all()) {
                if (check.name().startsWith("RNN_RELU,")) {
                    assertTrue(verification.add(check).isEmpty(), check.name());
                }
            }
            assertEquals(Map.of("there is no RNN_RELU here", 2), verification.skipped());
            assertEquals(0, verification.checks());
        });
    }

    @Test
    void whatIsRightPassesWithTheSameFingerprint() throws IOException {
        List<String> fingerprints = new ArrayList<>();
        for (int run = 0; run < 2; run++) {
            withFault(Fault.EMULATED, verification -> {
                assertTrue(verification.add(SMALL).isEmpty());
                assertEquals(0, verification.largestShare());
                fingerprints.add(verification.fingerprint());
            });
        }
        assertEquals(fingerprints.get(0), fingerprints.get(1));
        assertEquals(64, fingerprints.get(0).length());
    }

    @ParameterizedTest
    @CsvSource({"false, 0.5, 1e-5", "false, 3, 3e-5", "true, 1, 5e-5", "true, -4, 2e-4"})
    void theToleranceIsAtUnitScaleOrAtThatOfTheLargestElement(boolean backward, double largest, double tolerance) {
        Output output = new Output("y", "y", backward, new int[] {2}, new double[] {largest, 0.25});
        assertEquals(tolerance, output.tolerance(), 1e-12);
    }

    @Test
    void theChecksHaveSizesThatBite() {
        Set<String> names = new HashSet<>();
        for (Check check : NetworkCheck.all()) {
            assertTrue(names.add(check.subject() + " " + check.name()), check.name() + " comes twice");
        }
        for (Cell cell : Cell.values()) {
            for (String part : List.of(
                    "T1 N1 I1 H1 L1 forward",
                    "H33 L2 reverse, uneven lengths",
                    "H37 L2 bidirectional, uneven lengths",
                    "T3 N65 I2 H31 L1 bidirectional",
                    "T64 N2 I3 H65 L1 forward",
                    "no bias",
                    "dropout 0.4",
                    "one-hot")) {
                assertTrue(names.stream().anyMatch(name -> name.startsWith(cell + " ") && name.contains(part)), part);
            }
        }
    }

    /** Each output depends on the numbers: none is 0 or the same as the one before. */
    @ParameterizedTest
    @EnumSource(Cell.class)
    void aNetworkCheckComputesEveryTensor(Cell cell) {
        Check check = NetworkCheck.beforeTiming(cell).get(2);
        try (Backend oracle = Backend.named(Verification.ORACLE)) {
            List<Output> outputs = check.on(oracle);
            List<String> letters =
                    outputs.stream().map(Output::tensor).distinct().toList();
            assertEquals(
                    cell.hasCellState()
                            ? List.of("y", "h_n", "c_n", "dx", "dW", "dU", "db", "dh0", "dc0")
                            : List.of("y", "h_n", "dx", "dW", "dU", "db", "dh0"),
                    letters);
            for (Output output : outputs) {
                assertTrue(Arrays.stream(output.values()).allMatch(Double::isFinite), output.name());
                assertTrue(Arrays.stream(output.values()).anyMatch(value -> value != 0), output.name());
            }
        }
    }
}
