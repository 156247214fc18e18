package dev.rondo.cpu;

import com.sun.management.ThreadMXBean;
import dev.rondo.Backend;
import java.lang.management.ManagementFactory;

/**
 * What each inner loop allocates once it is warm, in bytes of a hundred calls: 0, for a loop that allocates makes an object of
 * each vector. It is measured right after the warm-up, and when the calling code was compiled too. A JVM of its own for each
 * measurement: the compiler's choices differ from one to the next.
 */
final class LoopBytes {
    private static final int CALLS = 100;
    private static final int MORE = 30_000;

    private LoopBytes() {}

    /** Prints the loops that stay plain or allocate, and exits with status 1 if there is one. */
    public static void main(String[] arguments) {
        try (Backend backend = Backend.named("cpu")) {
            backend.warmUp();
        }
        WarmingLoops loops = (WarmingLoops) LoopsChoice.choose().loops();
        boolean none = true;
        for (Loop loop : Loop.values()) {
            if (!loops.isWarm(loop)) {
                none = false;
                System.out.println(loop + ": stays plain, the compiler did not come to terms with it");
            }
            long first = least(loops, loop);
            Loop.Operands operands = new Loop.Operands(loops.panel());
            for (int i = 0; i < MORE; i++) {
                operands.reset();
                loop.call(loops, operands);
            }
            long later = least(loops, loop);
            if (first != 0 || later != 0) {
                none = false;
                System.out.println(loop + ": " + first + " bytes at first, " + later + " later");
            }
        }
        System.out.println(none ? "no loop stays plain or allocates" : "not every loop is as it should be");
        System.exit(none ? 0 : 1);
    }

    /** Of two measurements, since the JVM allocates something of its own at times. */
    private static long least(WarmingLoops loops, Loop loop) {
        return Math.min(bytes(loops, loop), bytes(loops, loop));
    }

    private static long bytes(WarmingLoops loops, Loop loop) {
        ThreadMXBean thread = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        Loop.Operands operands = new Loop.Operands(loops.panel());
        thread.getCurrentThreadAllocatedBytes();
        long before = thread.getCurrentThreadAllocatedBytes();
        for (int i = 0; i < CALLS; i++) {
            loop.call(loops, operands);
        }
        return thread.getCurrentThreadAllocatedBytes() - before;
    }
}
