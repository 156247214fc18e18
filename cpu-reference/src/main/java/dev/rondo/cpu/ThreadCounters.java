package dev.rondo.cpu;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import org.jspecify.annotations.Nullable;

/** What this thread has allocated and how long it has computed, where the JVM has the module {@code jdk.management}. */
final class ThreadCounters {
    private final @Nullable MethodHandle allocated;
    private final @Nullable MethodHandle cpuTime;

    ThreadCounters() {
        allocated = counter("getCurrentThreadAllocatedBytes");
        cpuTime = counter("getCurrentThreadCpuTime");
    }

    private static @Nullable MethodHandle counter(String name) {
        try {
            Class<?> factory = Class.forName("java.lang.management.ManagementFactory");
            Class<?> bean = Class.forName("com.sun.management.ThreadMXBean");
            Object threads = factory.getMethod("getThreadMXBean").invoke(null);
            return MethodHandles.publicLookup()
                    .findVirtual(bean, name, MethodType.methodType(long.class))
                    .bindTo(threads);
        } catch (ReflectiveOperationException | LinkageError | RuntimeException e) {
            return null; // then times by the clock have to do
        }
    }

    /** Bytes since the thread began; -1 if they are not known. */
    long allocatedBytes() {
        return now(allocated);
    }

    /** Nanoseconds since the thread began, of a processor; those of the clock if they are not known. */
    long cpuTime() {
        long time = now(cpuTime);
        return time > 0 ? time : System.nanoTime();
    }

    private static long now(@Nullable MethodHandle counter) {
        if (counter == null) {
            return -1;
        }
        try {
            return (long) counter.invokeExact();
        } catch (Throwable e) {
            return -1; // a JVM that does not count it says so only here
        }
    }
}
