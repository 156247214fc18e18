package dev.rondo.cpu;

import dev.rondo.Tensor;
import dev.rondo.spi.Storage;
import java.lang.ref.Cleaner;
import java.lang.ref.WeakReference;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicReferenceArray;
import org.jspecify.annotations.Nullable;

/**
 * The packed weights of a backend: made once for each version of a tensor, by the first call that needs them, and read by all.
 * Looking them up takes no lock. They go with the memory that they were made of.
 */
final class PackedCache {
    private static final Cleaner CLEANER = Cleaner.create();

    /** What was made of a version so many changes ago, and is not being read, is dropped. */
    private static final long OLD = 64;

    private static final PackedWeights[] NONE = new PackedWeights[0];

    /** Chains of entries, found by as many bits of the hash as are needed. */
    private volatile AtomicReferenceArray<@Nullable Entry> table = new AtomicReferenceArray<>(16);

    private int count;

    /** What is to be made of a tensor. */
    interface Form<T extends PackedWeights> {
        /** These weights as such, or null if they are something else. */
        @Nullable
        T cast(PackedWeights weights);

        /** Room for them, of weights that begin at an offset of their memory. */
        T make(int offset);
    }

    /** A call's use of packed weights, from {@link #open} to {@link #close}; kept for the next call. */
    static final class Use<T extends PackedWeights> {
        private final PackedCache cache;
        private final Workers workers;
        private final Form<T> form;
        private final HostArray array = new HostArray();
        private @Nullable T weights;
        private int stripe;

        Use(PackedCache cache, Workers workers, Form<T> form) {
            this.cache = cache;
            this.workers = workers;
            this.form = form;
        }

        /** The packed weights of a tensor as it is now; they stay so until {@link #close}. */
        T open(Tensor tensor) {
            close();
            stripe = PackedWeights.stripe();
            T found = cache.open(tensor, this);
            weights = found;
            return found;
        }

        /** What is in use. */
        T used() {
            return Objects.requireNonNull(weights);
        }

        void close() {
            T used = weights;
            weights = null;
            if (used != null) {
                used.unpin(stripe);
            }
        }
    }

    private static final class Entry extends WeakReference<Storage> {
        private final int hash;
        private volatile @Nullable Entry next;
        private volatile PackedWeights[] all = NONE;

        Entry(Storage storage, int hash) {
            super(storage);
            this.hash = hash;
        }

        /** Frees what was made of memory that is gone; calls that read it go on. */
        private synchronized void drop() {
            all = NONE;
        }

        private boolean isGone() {
            Storage storage = get();
            return storage == null || storage.isClosed();
        }
    }

    private <T extends PackedWeights> T open(Tensor tensor, Use<T> use) {
        Storage storage = tensor.storage();
        Entry entry = find(storage);
        if (entry != null) {
            T found = pin(entry, tensor.offset(), storage.version(), use);
            if (found != null) {
                return found;
            }
        }
        return pack(entry != null ? entry : add(storage), tensor, use);
    }

    private static <T extends PackedWeights> @Nullable T pin(Entry entry, int offset, long version, Use<T> use) {
        for (PackedWeights weights : entry.all) {
            T found = weights.offset == offset ? use.form.cast(weights) : null;
            if (found != null && found.pin(use.stripe, version)) {
                return found;
            }
        }
        return null;
    }

    /** Packs the weights. A call that needs the same ones waits for them, no other call does. */
    private <T extends PackedWeights> T pack(Entry entry, Tensor tensor, Use<T> use) {
        synchronized (entry) {
            int offset = tensor.offset();
            long version = tensor.storage().version();
            T weights = pin(entry, offset, version, use);
            if (weights != null) {
                return weights;
            }
            for (PackedWeights old : entry.all) {
                weights = weights == null && old.offset == offset ? use.form.cast(old) : weights;
                if (weights == old && !old.take()) {
                    weights = null;
                }
            }
            if (weights == null) {
                weights = use.form.make(offset);
            }
            use.array.open(tensor);
            try {
                weights.pack(use.workers, use.array, version);
            } finally {
                use.array.forget();
            }
            if (!weights.pin(use.stripe, version)) {
                throw new AssertionError("nobody else packs them");
            }
            entry.all = kept(entry, weights, version, use.form);
            return weights;
        }
    }

    /** The packed weights that are worth keeping beside the new ones. */
    private static PackedWeights[] kept(Entry entry, PackedWeights added, long version, Form<?> form) {
        List<PackedWeights> kept = new ArrayList<>();
        kept.add(added);
        for (PackedWeights weights : entry.all) {
            boolean replaced = weights.offset == added.offset && form.cast(weights) != null;
            if (weights != added && !replaced && version - weights.version() < OLD) {
                kept.add(weights);
            }
        }
        return kept.toArray(NONE);
    }

    private @Nullable Entry find(Storage storage) {
        int hash = System.identityHashCode(storage);
        AtomicReferenceArray<@Nullable Entry> entries = table;
        Entry entry = entries.get(hash & entries.length() - 1);
        while (entry != null && (entry.hash != hash || !entry.refersTo(storage))) {
            entry = entry.next;
        }
        return entry;
    }

    private synchronized Entry add(Storage storage) {
        Entry found = find(storage);
        if (found != null) {
            return found;
        }
        if (count >= table.length()) {
            rebuild();
        }
        Entry entry = new Entry(storage, System.identityHashCode(storage));
        put(table, entry);
        CLEANER.register(storage, entry::drop);
        return entry;
    }

    private void put(AtomicReferenceArray<@Nullable Entry> entries, Entry entry) {
        int place = entry.hash & entries.length() - 1;
        entry.next = entries.get(place);
        entries.set(place, entry);
        count++;
    }

    /** Makes a table without the entries of memory that is gone. Who walks a chain meanwhile may miss one, and then adds it. */
    private void rebuild() {
        AtomicReferenceArray<@Nullable Entry> old = table;
        List<Entry> living = new ArrayList<>();
        for (int i = 0; i < old.length(); i++) {
            for (Entry entry = old.get(i); entry != null; entry = entry.next) {
                if (!entry.isGone()) {
                    living.add(entry);
                }
            }
        }
        AtomicReferenceArray<@Nullable Entry> entries =
                new AtomicReferenceArray<>(Math.max(16, 4 * Integer.highestOneBit(living.size())));
        count = 0;
        for (Entry entry : living) {
            put(entries, entry);
        }
        table = entries;
    }

    /** Frees what was made of memory that is closed. */
    void forget(Storage storage) {
        Entry entry = find(storage);
        if (entry != null) {
            entry.drop();
        }
    }

    /** Frees everything. */
    synchronized void clear() {
        AtomicReferenceArray<@Nullable Entry> old = table;
        table = new AtomicReferenceArray<>(16);
        count = 0;
        for (int i = 0; i < old.length(); i++) {
            for (Entry entry = old.get(i); entry != null; entry = entry.next) {
                entry.drop();
            }
        }
    }

    /** Packed weights that are there, of all tensors; for tests. */
    synchronized int size() {
        int size = 0;
        for (int i = 0; i < table.length(); i++) {
            for (Entry entry = table.get(i); entry != null; entry = entry.next) {
                size += entry.all.length;
            }
        }
        return size;
    }
}
