package dev.rondo.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Tensor;
import jcuda.driver.JCudaDriver;
import org.junit.jupiter.api.Test;

/** The stream that is shared with other libraries. */
class CudaStreamTest {
    @Test
    void whatOthersQueueComesInOrder() {
        try (Backend backend = TestDevice.open();
                Tensor tensor = backend.tensor(3)) {
            CudaStream stream = CudaStream.of(backend);
            tensor.fill(1);
            int status = stream.with(() -> JCudaDriver.cuMemsetD32Async(
                    DevicePointer.to(CudaMemory.pointer(tensor)), Float.floatToIntBits(2), 2, stream.handle()));
            assertEquals(Status.SUCCESS, status);
            assertArrayEquals(new float[] {2, 2, 1}, tensor.toFloats());
        }
    }

    @Test
    void secondsAreThoseOfTheCalls() {
        try (Backend backend = TestDevice.open();
                Tensor tensor = backend.tensor(1 << 20)) {
            double start = System.nanoTime();
            double seconds = CudaStream.of(backend).seconds(() -> {
                tensor.fill(1);
                tensor.fill(2);
            });
            double all = 1e-9 * (System.nanoTime() - start);
            assertTrue(seconds > 0 && seconds <= all + 1e-3, seconds + " of " + all);
            assertEquals(2, tensor.view(5, 1).toFloats()[0]);
        }
    }

    @Test
    void otherBackendsAndClosedOnesAreRefused() {
        try (Backend cpu = Backend.named("cpu")) {
            String message = assertThrows(IllegalArgumentException.class, () -> CudaStream.of(cpu))
                    .getMessage();
            assertTrue(message.contains("expected cuda, got cpu"), message);
        }
        Backend backend = TestDevice.open();
        CudaStream stream = CudaStream.of(backend);
        backend.close();
        assertThrows(IllegalStateException.class, () -> stream.seconds(() -> {}));
    }
}
