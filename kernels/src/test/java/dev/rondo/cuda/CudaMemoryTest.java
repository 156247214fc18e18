package dev.rondo.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Tensor;
import org.junit.jupiter.api.Test;

/** Memory shared with other libraries. */
class CudaMemoryTest {
    @Test
    void aPointerOfTheCallerIsATensor() {
        try (Backend backend = TestDevice.open();
                Tensor owner = backend.tensor(2, 3)) {
            owner.set(1, 2, 3, 4, 5, 6f);
            long before = CudaMemory.liveBytes(backend);
            Tensor wrapped = CudaMemory.wrap(backend, CudaMemory.pointer(owner.view(1, 4)), 2, 2);
            assertArrayEquals(new float[] {2, 3, 4, 5}, wrapped.toFloats());
            assertTrue(backend.kernels().accepts(wrapped.storage()));
            wrapped.fill(7);
            CudaMemory.synchronize(backend);
            wrapped.close();
            assertArrayEquals(new float[] {1, 7, 7, 7, 7, 6}, owner.toFloats());
            assertEquals(before, CudaMemory.liveBytes(backend));
        }
    }

    @Test
    void whatIsNoDeviceMemoryIsRefused() {
        try (Backend backend = TestDevice.open();
                Backend cpu = Backend.named("cpu");
                Tensor onCpu = cpu.tensor(1)) {
            assertRefused("pointer", "0x0", () -> CudaMemory.wrap(backend, 0, 1));
            assertRefused("pointer", "0x402", () -> CudaMemory.wrap(backend, 0x402, 1));
            assertRefused("shape", "0", () -> CudaMemory.wrap(backend, 0x400, 0));
            assertRefused("backend", "cpu", () -> CudaMemory.wrap(cpu, 0x400, 1));
            assertRefused("backend", "cpu", () -> CudaMemory.synchronize(cpu));
            assertRefused("tensor", "CpuStorage", () -> CudaMemory.pointer(onCpu));
        }
    }

    private static void assertRefused(String argument, String actual, Runnable call) {
        String message = assertThrows(IllegalArgumentException.class, call::run).getMessage();
        assertTrue(message.startsWith(argument) && message.contains(actual), message);
    }
}
