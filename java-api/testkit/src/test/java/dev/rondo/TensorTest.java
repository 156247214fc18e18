package dev.rondo;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.contract.Refusal;
import java.nio.FloatBuffer;
import org.junit.jupiter.api.Test;

class TensorTest {
    @Test
    void wrappedMemoryIsNotCopied() {
        float[] values = {1, 2, 3, 4, 5, 6};
        Tensor tensor = Tensor.wrap(values, 2, 3);
        values[4] = 9;
        assertEquals(9, tensor.toFloats()[4]);
        tensor.view(1, 2).fill(0);
        assertArrayEquals(new float[] {1, 0, 0, 4, 9, 6}, values);
        int[] ints = {1, 2, 3};
        IntTensor.wrap(ints, 3).view(2, 1).set(7);
        assertArrayEquals(new int[] {1, 2, 7}, ints);
    }

    @Test
    void shapes() {
        Tensor tensor = Tensor.wrap(new float[6], 2, 3);
        int[] shape = tensor.shape();
        shape[0] = 99;
        assertArrayEquals(new int[] {2, 3}, tensor.shape(), "a copy");
        assertEquals(2, tensor.rank());
        assertEquals(3, tensor.dimension(1));
        assertEquals(6, tensor.size());
        assertTrue(tensor.hasShape(2, -1));
        assertFalse(tensor.hasShape(2));
        assertFalse(tensor.hasShape(3, -1));
        assertEquals(1, Tensor.wrap(new float[1]).size());
        assertEquals("tensor [2, 3]", tensor.toString());
    }

    @Test
    void numbersOfElementsThatDoNotAgree() {
        Refusal.nullArgument(() -> Tensor.wrap((float[]) null, 1), "values");
        Refusal.nullArgument(() -> Tensor.wrap((FloatBuffer) null, 1), "values");
        Refusal.nullArgument(() -> IntTensor.wrap(null, 1), "values");
        Refusal.nullArgument(() -> Tensor.wrap(new float[1], (int[]) null), "shape");
        Refusal.illegalArgument(() -> Tensor.wrap(new float[5], 2, 3), "values: expected 6", "[2, 3]", "got 5");
        Refusal.illegalArgument(() -> Tensor.wrap(new float[0], 0), "shape: expected", "at least 1", "[0]");
        Refusal.illegalArgument(() -> Tensor.wrap(new float[1], -1), "shape: expected", "at least 1", "[-1]");
        Refusal.illegalArgument(() -> IntTensor.wrap(new int[5], 2, 3), "values: expected 6", "[2, 3]", "got 5");
        FloatBuffer buffer = FloatBuffer.allocate(6).position(1);
        Refusal.illegalArgument(() -> Tensor.wrap(buffer, 6), "values: expected 6", "got 5");
        Tensor tensor = Tensor.wrap(new float[6], 2, 3);
        Refusal.illegalArgument(() -> tensor.set(new float[5]), "values: expected 6", "got 5");
        Refusal.illegalArgument(() -> tensor.set(new double[7]), "values: expected 6", "got 7");
        Refusal.illegalArgument(() -> tensor.copyFrom(Tensor.wrap(new float[5], 5)), "expected 6", "got 5");
        Refusal.nullArgument(() -> tensor.set((float[]) null), "values");
        Refusal.nullArgument(() -> tensor.copyFrom(null), "source");
    }

    @Test
    void viewsLieWithinTheirTensor() {
        Tensor tensor = Tensor.wrap(new float[12], 12);
        Tensor view = tensor.view(4, 2, 3);
        assertEquals(4, view.offset());
        assertEquals(7, view.view(3, 3).offset());
        Refusal.illegalArgument(() -> view.view(0, 7), "view [7] at 0 of tensor [2, 3]", "within 6");
        Refusal.illegalArgument(() -> view.view(6, 1), "view");
        Refusal.illegalArgument(() -> view.view(-1, 1), "view", "-1");
        Refusal.illegalArgument(() -> view.view(Integer.MAX_VALUE, 1), "view");
        int max = Integer.MAX_VALUE;
        Refusal.illegalArgument(() -> view.view(1, max, max), "view", "2147483647");
        Refusal.illegalArgument(() -> IntTensor.wrap(new int[4], 4).view(2, 3), "view [3] at 2 of int tensor [4]");
    }

    @Test
    void overlap() {
        Tensor tensor = Tensor.wrap(new float[12], 12);
        assertTrue(tensor.view(0, 5).overlaps(tensor.view(4, 2)));
        assertFalse(tensor.view(0, 4).overlaps(tensor.view(4, 2)));
        assertFalse(tensor.overlaps(Tensor.wrap(new float[12], 12)));
    }

    @Test
    void viewsAreClosedWithTheirTensor() {
        Tensor tensor = Tensor.wrap(new float[12], 12);
        Tensor view = tensor.view(4, 2);
        tensor.close();
        Refusal.illegalState(view::toFloats, "tensor [2] is closed");
        Refusal.illegalState(() -> view.fill(0), "closed");
    }

    @Test
    void roundingToFloat() {
        float[] values = new float[2];
        Tensor.wrap(values, 2).set(0.1, 1e300);
        assertArrayEquals(new float[] {0.1f, Float.POSITIVE_INFINITY}, values);
        assertArrayEquals(
                new double[] {0.1f, Double.POSITIVE_INFINITY},
                Tensor.wrap(values, 2).toDoubles());
    }

    @Test
    void partsOfTheCallersArrays() {
        float[] array = {0, 1, 2, 3, 4, 5};
        Tensor tensor = Tensor.wrapAt(array, 2, 3);
        assertArrayEquals(new double[] {2, 3, 4}, tensor.toDoubles());
        tensor.write(new float[] {7, 8, 9, 10}, 1);
        assertArrayEquals(new float[] {0, 1, 8, 9, 10, 5}, array);
        float[] target = new float[5];
        tensor.read(target, 1);
        assertArrayEquals(new float[] {0, 8, 9, 10, 0}, target);
        Refusal.illegalArgument(() -> Tensor.wrapAt(array, 4, 3), "view [3] at 4", "within 6");
        Refusal.illegalArgument(() -> Tensor.wrapAt(array, -1, 3), "view [3] at -1", "within 6");
        Refusal.illegalArgument(() -> tensor.read(target, 3), "target", "5 elements", "offset 3", "count 3");
        Refusal.illegalArgument(() -> tensor.write(target, -1), "source", "offset -1");
    }

    @Test
    void changesOfWrappedMemoryAreWhatTheCallerSays() {
        Tensor tensor = Tensor.wrap(new float[2], 2);
        long before = tensor.storage().version();
        tensor.changed();
        long said = tensor.storage().version();
        assertNotEquals(before, said);
        tensor.view(0, 1).fill(3);
        assertNotEquals(said, tensor.storage().version());
    }
}
