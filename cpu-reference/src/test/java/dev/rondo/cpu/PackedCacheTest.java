package dev.rondo.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotSame;
import static org.junit.jupiter.api.Assertions.assertSame;

import dev.rondo.Backend;
import dev.rondo.Tensor;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** What was packed is shared, packed again after a change, never under a reader, and freed with the weights. */
class PackedCacheTest {
    private final Workers workers = new Workers(1);
    private final Backend backend = Backend.named("cpu");
    private final PackedCache cache = new PackedCache();

    @AfterEach
    void close() {
        workers.close();
        backend.close();
    }

    private PackedCache.Use<LinearWeights> use(int outputs, int inputs) {
        LinearWeights.Form form = new LinearWeights.Form(new PlainLoops());
        form.set(outputs, inputs, false);
        return new PackedCache.Use<>(cache, workers, form);
    }

    private static float first(LinearWeights weights) {
        return ((RowMatrix) weights.matrix).rows[0][0];
    }

    @Test
    void packedOnceAndSharedUntilAChange() {
        Tensor weight = backend.tensor(3, 2).fill(1);
        PackedCache.Use<LinearWeights> one = use(3, 2);
        PackedCache.Use<LinearWeights> two = use(3, 2);
        LinearWeights packed = one.open(weight);
        assertSame(packed, two.open(weight));
        one.close();
        two.close();
        assertSame(packed, one.open(weight));
        one.close();
        weight.fill(2);
        assertSame(packed, two.open(weight));
        assertEquals(2, first(packed));
        assertEquals(1, cache.size());
    }

    @Test
    void aReaderKeepsItsVersion() {
        Tensor weight = backend.tensor(3, 2).fill(1);
        PackedCache.Use<LinearWeights> reader = use(3, 2);
        LinearWeights old = reader.open(weight);
        weight.fill(2);
        PackedCache.Use<LinearWeights> other = use(3, 2);
        LinearWeights packed = other.open(weight);
        assertNotSame(old, packed);
        assertEquals(1, first(old));
        assertEquals(2, first(packed));
        assertEquals(1, cache.size());
        other.close();
        assertSame(packed, reader.open(weight));
    }

    @Test
    void viewsAndShapesHaveTheirOwn() {
        Tensor flat = backend.tensor(12).set(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11);
        PackedCache.Use<LinearWeights> use = use(3, 2);
        assertEquals(0, first(use.open(flat.view(0, 3, 2))));
        assertEquals(6, first(use.open(flat.view(6, 3, 2))));
        assertEquals(0, first(use(2, 3).open(flat.view(0, 2, 3))));
        assertEquals(3, cache.size());
    }

    @Test
    void wrappedWeightsArePackedAgainOnceTheCallerSaysSo() {
        float[] values = {1, 1, 1, 1};
        Tensor weight = Tensor.wrap(values, 2, 2);
        PackedCache.Use<LinearWeights> use = use(2, 2);
        values[0] = 5;
        assertEquals(5, first(use.open(weight)));
        values[0] = 6;
        assertEquals(5, first(use.open(weight)));
        weight.changed();
        assertEquals(6, first(use.open(weight)));
    }

    @Test
    void memoryThatIsGoneKeepsNothing() throws InterruptedException {
        List<Tensor> kept = new ArrayList<>();
        for (int i = 0; i < 100; i++) {
            Tensor weight = Tensor.wrap(new float[4], 2, 2);
            use(2, 2).open(weight);
            if (i % 10 == 0) {
                kept.add(weight);
            }
        }
        for (int i = 0; i < 100 && cache.size() > kept.size(); i++) {
            System.gc();
            Thread.sleep(20);
        }
        assertEquals(10, kept.size());
        assertEquals(10, cache.size());
        cache.forget(kept.get(0).storage());
        assertEquals(9, cache.size());
        cache.clear();
        assertEquals(0, cache.size());
    }
}
