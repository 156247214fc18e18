package dev.rondo.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
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

    /** The compiler's choices differ from JVM to JVM, and now and then it leaves a loop with objects: that one stays plain. */
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
