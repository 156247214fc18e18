package dev.rondo.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.BackendOptions;
import dev.rondo.Linear;
import dev.rondo.Precision;
import dev.rondo.Tensor;
import dev.rondo.contract.CellContract;
import dev.rondo.contract.GradientContract;
import dev.rondo.contract.LayerContract;
import dev.rondo.emulator.Emulator;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The precisions of backend {@code cuda}. */
class CudaPrecisionTest {
    private static Backend openTf32x3() {
        return TestDevice.open(BackendOptions.defaults().withPrecision(Precision.TF32X3));
    }

    /** The tolerances of float32 as they are. */
    @Nested
    class Tf32x3Cell extends CellContract {
        @Override
        protected Backend open() {
            return openTf32x3();
        }
    }

    @Nested
    class Tf32x3Gradient extends GradientContract {
        @Override
        protected Backend open() {
            return openTf32x3();
        }
    }

    @Nested
    class Tf32x3Layer extends LayerContract {
        @Override
        protected Backend open() {
            return openTf32x3();
        }
    }

    /** The kernels of the products of a linear layer, forward and backward. */
    private static Set<String> productsOf(Precision precision, int rows, int inputs, int outputs) {
        try (Backend backend = TestDevice.open(BackendOptions.defaults().withPrecision(precision))) {
            Linear layer = backend.linear(inputs, outputs);
            Tensor weight = backend.tensor(outputs, inputs);
            Tensor x = backend.tensor(rows, inputs);
            Tensor y = backend.tensor(rows, outputs);
            Emulator.reset();
            layer.forward(weight, null, x, y);
            layer.backward(weight, x, y, backend.tensor(rows, inputs), backend.tensor(outputs, inputs), null);
            y.toDoubles();
            Set<String> kernels = new TreeSet<>();
            for (int i = 0; i < Emulator.launches(); i++) {
                String name = Emulator.launch(i).split(" ")[0];
                if (name.startsWith("rondo_product")) {
                    kernels.add(name);
                }
            }
            return kernels;
        }
    }

    @ParameterizedTest
    @EnumSource
    void largeProductsAreMadeByTheKernelsOfTheMode(Precision precision) {
        TestDevice.requireEmulator();
        String prefix = switch (precision) {
            case FP32 -> "rondo_product_";
            case TF32X3 -> "rondo_product_3xtf32_";
            case TF32 -> "rondo_product_tf32_";
            case BF16 -> "rondo_product_bf16_";
        };
        assertEquals(Set.of(prefix + "nt", prefix + "nn", prefix + "tn"), productsOf(precision, 300, 260, 270));
    }

    @Test
    void productsOfFewRowsStayInFloat32() {
        TestDevice.requireEmulator();
        assertEquals(
                Set.of("rondo_product_few_rows_nt", "rondo_product_few_rows_nn", "rondo_product_bf16_tn"),
                productsOf(Precision.BF16, 15, 260, 270));
    }

    @Test
    void theDescriptionNamesTheMode() {
        try (Backend backend = openTf32x3()) {
            assertTrue(backend.description().contains("TF32X3"), backend.description());
        }
    }

    @Test
    void aDeviceWithoutTensorCoresOfThatKindRefusesTheMode() throws Exception {
        TestDevice.requireEmulator();
        ChildJvm.Outcome child = new ChildJvm(OpenInMode.class)
                .environment("RONDO_EMU_CC", "7.5")
                .run("FP32", "BF16");
        assertEquals(0, child.status(), child.text());
        assertTrue(child.text().contains("FP32: opened"), child.text());
        assertTrue(
                child.text()
                        .contains("BF16: dev.rondo.BackendException: precision BF16: expected a device of compute"
                                + " capability 8.0 or newer, or precision FP32, got Rondo emulator"),
                child.text());
    }

    /** Opens the backend in the modes of the arguments, and says what came of it. */
    static final class OpenInMode {
        private OpenInMode() {}

        public static void main(String[] args) {
            for (String mode : args) {
                Precision precision = Precision.valueOf(mode);
                try (Backend backend = TestDevice.open(BackendOptions.defaults().withPrecision(precision))) {
                    System.out.println(mode + ": opened " + backend.description());
                } catch (RuntimeException e) {
                    System.out.println(mode + ": " + e);
                }
            }
        }
    }
}
