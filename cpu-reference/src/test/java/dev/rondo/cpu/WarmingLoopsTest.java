package dev.rondo.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/** The plain loops that compute at first, and the vector loops that take over from them. */
class WarmingLoopsTest {
    private static final float[] SPECIAL = {
        0,
        -0f,
        Float.NaN,
        Float.POSITIVE_INFINITY,
        Float.NEGATIVE_INFINITY,
        Float.MIN_VALUE,
        -Float.MIN_NORMAL,
        1e-20f,
        -1e-26f,
        8,
        -30
    };

    private static PanelLoops vectorLoops() {
        try {
            return (PanelLoops) Class.forName("dev.rondo.cpu.VectorLoops")
                    .getDeclaredConstructor()
                    .newInstance();
        } catch (ReflectiveOperationException e) {
            throw new AssertionError(e);
        }
    }

    /** All that a loop can write, after a call. */
    private static float[][] results(PanelLoops loops, Loop loop, long seed) {
        Loop.Operands o = new Loop.Operands(loops.panel());
        Random random = new Random(seed);
        float[][] all = {o.a, o.c, o.gates, o.state, o.next, o.d, o.d2};
        for (float[] array : all) {
            for (int i = 0; i < array.length; i++) {
                array[i] = random.nextInt(8) == 0
                        ? SPECIAL[random.nextInt(SPECIAL.length)]
                        : (float) (random.nextGaussian() * Math.pow(2, -random.nextInt(100)));
            }
        }
        loop.call(loops, o);
        return all;
    }

    @ParameterizedTest
    @EnumSource
    void plainAndVectorLoopsComputeTheSameBits(Loop loop) {
        PanelLoops vector = vectorLoops();
        PanelLoops plain = new PlainPanelLoops(vector.panel());
        for (long seed = 0; seed < 50; seed++) {
            float[][] expected = results(vector, loop, seed);
            float[][] actual = results(plain, loop, seed);
            for (int i = 0; i < expected.length; i++) {
                assertArrayEquals(expected[i], actual[i], loop + ", array " + i);
            }
        }
    }

    /** A call with nothing to do, by which the compiler counts, has no effect. */
    @ParameterizedTest
    @EnumSource
    void aCallWithNothingToDoWritesNothing(Loop loop) {
        PanelLoops vector = vectorLoops();
        for (PanelLoops loops : List.of(vector, new PlainPanelLoops(vector.panel()))) {
            Loop.Operands o = new Loop.Operands(loops.panel());
            o.reset();
            float[][] all = {o.a, o.c, o.gates, o.state, o.next, o.d, o.d2};
            float[][] before = Stream.of(all).map(float[]::clone).toArray(float[][]::new);
            o.setIdle(true);
            loop.call(loops, o);
            assertArrayEquals(before, all);
            o.setIdle(false);
            loop.call(loops, o);
            assertFalse(Arrays.deepEquals(before, all), "a call that has something to do");
        }
    }

    /** Each kernel by whom it is to be had, from none that is compiled to all. */
    @Test
    void aProductWhoseKernelsAreMixedHasTheBitsOfTheVectorLoops() {
        PanelLoops vector = vectorLoops();
        WarmingLoops mixed = new WarmingLoops(vector);
        for (Loop loop : Loop.values()) {
            for (int rows = 1; rows <= 40; rows++) {
                for (int panels = 1; panels <= 3; panels++) {
                    assertArrayEquals(
                            product(vector, rows, 8 + rows % 2, panels),
                            product(mixed, rows, 8 + rows % 2, panels),
                            rows + " rows, " + panels + " panels, before " + loop);
                }
            }
            mixed.use(loop);
        }
        assertTrue(mixed.isWanted(Loop.PRODUCT_1));
        assertFalse(mixed.isWanted(Loop.SIGMOID));
    }

    private static float[] product(PanelLoops loops, int rows, int depth, int panels) {
        int panel = loops.panel();
        Random random = new Random(rows);
        float[] a = new float[rows * depth + 3];
        float[] b = new float[depth * 4 * panel];
        float[] c = new float[(rows + 1) * 4 * panel];
        for (float[] array : List.of(a, b, c)) {
            for (int i = 0; i < array.length; i++) {
                array[i] = (float) random.nextGaussian();
            }
        }
        AlignedMemory memory = new AlignedMemory("a matrix");
        PackedMatrix packed = new PanelMatrix(memory, depth, 4 * panel, panel, new PlainPanelLoops(panel));
        memory.allocate();
        packed.pack(b, 0, 4 * panel, depth, 4 * panel, 0, 0);
        loops.product(a, 3, depth, rows, depth, packed, 1, panels, c, 5, 4 * panel);
        return c;
    }

    /** In this JVM, which runs other tests too, the compiler may leave a loop with objects; see {@link LoopBytesTest}. */
    @Test
    void afterAWarmUpTheVectorLoopsAreInUse() {
        try (Backend backend = CpuContracts.open("vector", 1)) {
            backend.warmUp();
        }
        WarmingLoops loops = (WarmingLoops) LoopsChoice.choose().loops();
        List<Loop> plain =
                Stream.of(Loop.values()).filter(loop -> !loops.isWarm(loop)).toList();
        assertTrue(plain.size() <= 2, () -> "still plain: " + plain);
    }
}
