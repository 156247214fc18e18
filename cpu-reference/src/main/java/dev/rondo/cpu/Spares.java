package dev.rondo.cpu;

import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Objects that calls borrow, such as scratch: each is used by one call at a time. There are as many as calls are made at the same
 * time, but no more are kept than there is room for.
 */
final class Spares<T> {
    /** Distance of places, in references: two of them in a cache line would slow down two threads. */
    private static final int LINE = 16;

    private static final int PLACES =
            2 * Integer.highestOneBit(Runtime.getRuntime().availableProcessors()) - 1;

    private final AtomicReferenceArray<@Nullable T> places = new AtomicReferenceArray<>((PLACES + 1) * LINE);
    private final Supplier<T> maker;

    Spares(Supplier<T> maker) {
        this.maker = maker;
    }

    /** Where this thread looks first, so that it finds what it gave back. */
    private static int first() {
        return (int) Thread.currentThread().getId() & PLACES;
    }

    /** One that nobody else has. */
    T borrow() {
        int first = first();
        for (int i = 0; i <= PLACES; i++) {
            int place = (first + i & PLACES) * LINE;
            T found = places.get(place) == null ? null : places.getAndSet(place, null);
            if (found != null) {
                return found;
            }
        }
        return maker.get();
    }

    /** Takes one back. */
    void giveBack(T spare) {
        int first = first();
        for (int i = 0; i <= PLACES; i++) {
            if (places.compareAndSet((first + i & PLACES) * LINE, null, spare)) {
                return;
            }
        }
    }
}
