package dev.rondo.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.BackendException;
import dev.rondo.BackendOptions;
import dev.rondo.Cell;
import dev.rondo.RnnSpec;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which device a backend works on. */
class DevicesTest {
    @AfterEach
    void resetEmulator() {
        TestDevice.reset();
    }

    private static BackendOptions device(int number) {
        return BackendOptions.defaults().withDevice(number);
    }

    @Test
    void aDeviceThatIsNotThereIsRefused() {
        TestDevice.requireEmulator();
        BackendException e = assertThrows(BackendException.class, () -> TestDevice.open(device(1)));
        assertTrue(String.valueOf(e.getMessage()).contains("device: expected 0 to 0"), e::toString);
        assertTrue(String.valueOf(e.getMessage()).contains("got 1"), e::toString);
        assertEquals(CudaProbe.Reason.NO_DEVICE, CudaProbe.probe(1).reason());
        assertEquals(CudaProbe.Reason.NO_DEVICE, CudaProbe.probe(-1).reason());
        TestDevice.assertNothingLive();
    }

    /** The main class of a child with two devices: a training step on each, call by call in turn. */
    static final class TwoDevices {
        private TwoDevices() {}

        public static void main(String[] arguments) {
            Backend first = TestDevice.open(device(0));
            try (Backend second = TestDevice.open(device(1));
                    TrainingStep one = step(first);
                    TrainingStep two = step(second)) {
                System.out.println("first=" + first.description());
                System.out.println("second=" + second.description());
                for (int i = 0; i < 3; i++) {
                    one.reset();
                    two.reset();
                    one.train();
                    two.train();
                    System.out.println("equal" + i + "=" + one.hash().equals(two.hash()));
                }
                try {
                    first.linear(2, 3).forward(first.tensor(3, 2), null, second.tensor(4, 2), first.tensor(4, 3));
                } catch (IllegalArgumentException e) {
                    System.out.println("foreign=" + e.getMessage());
                }
                first.close();
                System.out.println("after=" + two.run().length());
            }
            TestDevice.assertNothingLive();
            BackendException e = assertThrows(BackendException.class, () -> TestDevice.open(device(2)));
            System.out.println("third=" + e.getMessage());
        }

        private static TrainingStep step(Backend backend) {
            return new TrainingStep(backend, RnnSpec.of(Cell.LSTM, 3, 4).withLayers(2), 3, 2, false, null);
        }
    }

    @Test
    void twoDevicesWorkSideBySide() throws Exception {
        TestDevice.requireEmulator();
        ChildJvm.Outcome outcome = new ChildJvm(TwoDevices.class)
                .environment("RONDO_EMU_DEVICES", "2")
                .run();
        assertEquals(0, outcome.status(), outcome::toString);
        for (int i = 0; i < 3; i++) {
            assertEquals("true", outcome.value("equal" + i), outcome::toString);
        }
        assertTrue(outcome.value("first").contains("emulator (no GPU), compute"), outcome::toString);
        assertTrue(outcome.value("second").contains("emulator (no GPU), device 1, compute"), outcome::toString);
        assertTrue(
                outcome.value("foreign").contains("x: expected memory that backend cuda can use"), outcome::toString);
        assertEquals("64", outcome.value("after"));
        assertTrue(outcome.value("third").contains("device: expected 0 to 1"), outcome::toString);
    }
}
