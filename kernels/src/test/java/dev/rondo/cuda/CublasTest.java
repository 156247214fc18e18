package dev.rondo.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.BackendException;
import dev.rondo.BackendOptions;
import dev.rondo.Cell;
import dev.rondo.Precision;
import dev.rondo.Purpose;
import dev.rondo.Rnn;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.TrainingPass;
import dev.rondo.contract.InfinityContract;
import dev.rondo.contract.PrecisionContract;
import dev.rondo.emulator.Emulator;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/** Products by cuBLAS; on the emulator by its stand-in. */
class CublasTest {
    private static Backend open(ProductsChoice choice, Precision precision) {
        String before = System.getProperty(ProductsChoice.PROPERTY);
        System.setProperty(ProductsChoice.PROPERTY, choice.text());
        try {
            return TestDevice.open(BackendOptions.defaults().withPrecision(precision));
        } finally {
            if (before == null) {
                System.clearProperty(ProductsChoice.PROPERTY);
            } else {
                System.setProperty(ProductsChoice.PROPERTY, before);
            }
        }
    }

    @Nested
    class Modes extends PrecisionContract {
        @Override
        protected Backend open(Precision precision) {
            return CublasTest.open(Cublas.has(precision) ? ProductsChoice.CUBLAS : ProductsChoice.AUTO, precision);
        }
    }

    @Nested
    class Infinities extends InfinityContract {
        @Override
        protected Backend open() {
            return CublasTest.open(ProductsChoice.CUBLAS, Precision.FP32);
        }
    }

    private static Set<String> launched() {
        Set<String> kernels = new HashSet<>();
        for (int i = 0; i < Emulator.launches(); i++) {
            kernels.add(Emulator.launch(i).split(" ")[0]);
        }
        return kernels;
    }

    /** Two training steps as launches, two as graphs: the same bits, and large products are not made by own kernels. */
    @Test
    void graphsHoldItsProductsToo() {
        RnnSpec spec = RnnSpec.of(Cell.LSTM, 20, 24);
        int steps = 10;
        int batch = 16;
        Random random = new Random(1);
        try (Backend backend = open(ProductsChoice.CUBLAS, Precision.FP32);
                Rnn rnn = backend.rnn(spec, steps, batch, Purpose.TRAINING)) {
            RnnParameters weights = backend.parameters(spec);
            weights.flat().set(random.doubles(weights.flat().size(), -0.2, 0.2).toArray());
            RnnParameters gradients = backend.parameters(spec);
            Tensor x = backend.tensor(steps, batch, 20)
                    .set(random.doubles(steps * batch * 20L, -1, 1).toArray());
            Tensor y = backend.tensor(steps, batch, 24);
            Tensor dx = backend.tensor(steps, batch, 20);
            double[] first = null;
            TestDevice.requireEmulator();
            Emulator.reset();
            long graphs = Emulator.calls("cuGraphLaunch");
            for (int step = 0; step < 4; step++) {
                gradients.flat().fill(0);
                TrainingPass pass = rnn.call(weights, x).y(y).train();
                pass.backward().dy(y).dx(dx).gradients(gradients).run();
                double[] all = concatenated(
                        y.toDoubles(), dx.toDoubles(), gradients.flat().toDoubles());
                first = first == null ? all : first;
                assertArrayEquals(first, all);
            }
            assertEquals(6, Emulator.calls("cuGraphLaunch") - graphs);
            Set<String> kernels = launched();
            assertTrue(kernels.contains("rondo_product_few_rows_nt"), kernels.toString());
            assertFalse(kernels.contains("rondo_product_nt"), kernels.toString());
            assertFalse(kernels.contains("rondo_product_tn"), kernels.toString());
        }
    }

    private static double[] concatenated(double[]... parts) {
        return Arrays.stream(parts).flatMapToDouble(Arrays::stream).toArray();
    }

    @Test
    void theChoiceIsDescribed() {
        try (Backend backend = open(ProductsChoice.CUBLAS, Precision.TF32)) {
            assertTrue(backend.description().contains("float32 with products in TF32, "), backend.description());
            assertTrue(backend.description().contains("products by cuBLAS 1"), backend.description());
        }
        try (Backend backend = open(ProductsChoice.OWN, Precision.FP32)) {
            assertTrue(
                    backend.description().contains("own products (not by cuBLAS: -Drondo.cuda.products=own)"),
                    backend.description());
        }
    }

    @Test
    void anEmulatedDeviceDoesNotTakeItByItself() {
        TestDevice.requireEmulator();
        try (Backend backend = open(ProductsChoice.AUTO, Precision.FP32)) {
            assertTrue(backend.description().contains("own products"), backend.description());
            assertTrue(backend.description().contains("emulated"), backend.description());
        }
    }

    @Test
    void whatItCannotDoIsRefusedWhereItIsForced() {
        TestDevice.require();
        BackendException refused =
                assertThrows(BackendException.class, () -> open(ProductsChoice.CUBLAS, Precision.TF32X3));
        assertEquals(
                "products by cuBLAS were asked for, which cannot be used: cuBLAS has no precision TF32X3",
                refused.getMessage());
    }

    @Test
    void anUnknownChoiceIsRefused() {
        TestDevice.require();
        System.setProperty(ProductsChoice.PROPERTY, "mkl");
        try {
            BackendException refused = assertThrows(BackendException.class, TestDevice::open);
            assertEquals("rondo.cuda.products: expected own, cublas or auto, got mkl", refused.getMessage());
        } finally {
            System.clearProperty(ProductsChoice.PROPERTY);
        }
    }

    /** A pitch below the width is refused by cuBLAS; the error says what was asked. */
    @Test
    void anErrorNamesCallShapesAndStatus() {
        TestDevice.require();
        CudaProbe.Device device = CudaProbe.probe().device();
        CudaContext context = new CudaContext(0);
        context.enter();
        try {
            DeviceMemory memory = new DeviceMemory(context);
            Cublas cublas = ProductsChoice.CUBLAS
                    .open(context, memory, device, Precision.FP32)
                    .cublas();
            DeviceMemory.Buffer buffer = memory.allocateZeroed(4096, "a test");
            long at = buffer.address();
            BackendException refused =
                    assertThrows(BackendException.class, () -> cublas.addTransposed(at, 3, at, 4, at, 3, 3, 4, 5));
            assertEquals(
                    "cublasGemmEx in FP32, C [3,4] += A^T B with A [5,3], B [5,4], rows of 3, 4 and 3 elements:"
                            + " CUBLAS_STATUS_INVALID_VALUE (7)",
                    refused.getMessage());
        } finally {
            context.exit();
            context.close();
        }
    }

    @Test
    void nothingIsLeftWhenABackendIsClosed() {
        TestDevice.requireEmulator();
        for (Precision precision : List.of(Precision.FP32, Precision.BF16)) {
            open(ProductsChoice.CUBLAS, precision).close();
            assertEquals(0, Emulator.live("leakedAtRelease"));
        }
    }
}
