package dev.rondo.cpu;

import dev.rondo.BackendException;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Chooses the inner loops once: the Vector API where {@code jdk.incubator.vector} is among the modules of the JVM, else plain
 * loops. The property {@code rondo.cpu.loops} forces {@code vector} or {@code plain}; a forced choice that is not there is an
 * error.
 */
final class LoopsChoice {
    static final String PROPERTY = "rondo.cpu.loops";
    private static final String BITS = "rondo.cpu.bits";
    private static final String MODULE = "jdk.incubator.vector";
    private static final String CURE = "start java with --add-modules " + MODULE;

    private LoopsChoice() {}

    /** What to use, and for people why nothing better. */
    record Choice(InnerLoops loops, String note) {}

    static Choice choose() {
        String forced = System.getProperty(PROPERTY, "");
        return switch (forced) {
            case "plain" -> new Choice(new PlainLoops(), "forced by -D" + PROPERTY);
            case "vector" -> {
                if (!hasModule()) {
                    throw new BackendException(
                            "-D" + PROPERTY + "=vector: the module " + MODULE + " is missing; " + CURE);
                }
                yield new Choice(vector(), "forced by -D" + PROPERTY);
            }
            case "" -> automatic();
            default -> throw new BackendException("-D" + PROPERTY + ": expected vector or plain, got " + forced);
        };
    }

    private static Choice automatic() {
        if (!hasModule()) {
            return new Choice(new PlainLoops(), "for the faster Vector API " + CURE);
        }
        try {
            return new Choice(vector(), "");
        } catch (BackendException e) {
            return new Choice(new PlainLoops(), String.valueOf(e.getMessage()));
        }
    }

    private static boolean hasModule() {
        return ModuleLayer.boot().findModule(MODULE).isPresent();
    }

    private static InnerLoops vector() {
        String bits = System.getProperty(BITS, "preferred");
        if (!List.of("preferred", "128", "256", "512").contains(bits)) {
            throw new BackendException("-D" + BITS + ": expected preferred, 128, 256 or 512, got " + bits);
        }
        try {
            return warming();
        } catch (ReflectiveOperationException | LinkageError e) {
            throw new BackendException("the loops for the Vector API do not work with this JVM: " + e, e);
        }
    }

    private static @Nullable WarmingLoops warming;
    private static @Nullable WarmUp warmUp;

    /** The same ones for all backends, since the JVM compiles a loop once; their warm-up begins with the first. */
    private static synchronized InnerLoops warming() throws ReflectiveOperationException {
        WarmingLoops loops = warming;
        if (loops == null) {
            loops = new WarmingLoops((PanelLoops) Class.forName("dev.rondo.cpu.VectorLoops")
                    .getDeclaredConstructor()
                    .newInstance());
            warming = loops;
            try {
                warmUp = WarmUp.start(loops);
            } catch (OutOfMemoryError e) { // no thread is to be had: the vector loops get fast in use
                for (Loop loop : Loop.values()) {
                    loops.use(loop);
                }
            }
        }
        return loops;
    }

    /** Returns when the loops are as fast as they will be; at once for plain loops, or if the thread is interrupted. */
    static void warmUp() {
        WarmUp running;
        synchronized (LoopsChoice.class) {
            running = warmUp;
        }
        if (running != null) {
            try {
                running.await();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
            }
        }
    }
}
