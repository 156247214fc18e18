package dev.rondo.cpu;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.jspecify.annotations.Nullable;

/** What this thread has allocated, where the JVM has the module {@code jdk.management}. */
final class AllocatedBytes {
    private final @Nullable MethodHandle counter;

    AllocatedBytes() {
        counter = counter();
    }

    private static @Nullable MethodHandle counter() {
        try {
            Class<?> factory = Class.forName("java.lang.management.ManagementFactory");
            Class<?> bean = Class.forName("com.sun.management.ThreadMXBean");
            Object threads = factory.getMethod("getThreadMXBean").invoke(null);
            return MethodHandles.publicLookup()
                    .findVirtual(bean, "getCurrentThreadAllocatedBytes", MethodType.methodType(long.class))
                    .bindTo(threads);
        } catch (ReflectiveOperationException | LinkageError | RuntimeException e) {
            return null; // then times have to do
        }
    }

    /** Bytes since the thread began; 0 if they are not known. */
    long now() {
        MethodHandle known = counter;
        if (known == null) {
            return 0;
        }
        try {
            return (long) known.invokeExact();
        } catch (Throwable e) {
            return 0; // a JVM that does not count it says so only here
        }
    }
}
