package dev.rondo.emulator;

import java.nio.file.Files;
import java.nio.file.Path;

/**
 * The controls of the CUDA driver emulator, for tests. {@link #load} comes before the first class of JCuda; from then
 * on JCuda's driver API runs on the emulator. Everything holds for the whole process.
 */
public final class Emulator {

    private static boolean loaded;

    private Emulator() {}

    /**
     * Loads the emulator and its kernels.
     *
     * @param folder what {@code build.sh} was given as output: {@code libcuda.so.1} must be in it;
     *     {@code libcublas.so.12} and the kernels are loaded if they are there
     * @param checked whether to take the kernels with the checks for undefined behaviour
     * @throws IllegalArgumentException if there is no {@code libcuda.so.1} in the folder
     * @throws UnsatisfiedLinkError if a library cannot be loaded
     */
    public static synchronized void load(Path folder, boolean checked) {
        if (loaded) {
            return;
        }
        Path driver = folder.resolve("libcuda.so.1").toAbsolutePath();
        if (!Files.isRegularFile(driver)) {
            throw new IllegalArgumentException(
                    "folder: no emulator in " + folder + "; build it with ci/emulator/build.sh");
        }
        // A native of JCuda names libcuda.so.1 only; the loader takes the library of that name that is there already.
        System.load(driver.toString());
        for (String name : new String[] {"libcublas.so.12", checked ? "libemukernels-ubsan.so" : "libemukernels.so"}) {
            Path library = folder.resolve(name).toAbsolutePath();
            if (Files.isRegularFile(library)) {
                System.load(library.toString());
            }
        }
        loaded = true;
    }

    /**
     * Loads the emulator with its plain kernels.
     *
     * @param folder see {@link #load(Path, boolean)}
     */
    public static void load(Path folder) {
        load(folder, false);
    }

    /**
     * Lets a driver call fail. A status from which CUDA does not recover (700, 702, 714 to 719) also poisons the
     * context, as on a device.
     *
     * @param function name of a driver function, with or without an ending such as {@code _v2}
     * @param k which of the next calls, from 1; 0 for all of them
     * @param status what it returns
     * @throws IllegalArgumentException if the emulator has no such function
     */
    public static void fail(String function, long k, int status) {
        if (fail0(function, k, status) != 0) {
            throw new IllegalArgumentException("function: the emulator has no driver function " + function);
        }
    }

    /**
     * Forgets injected failures, sticky errors, queued work, recorded launches and the last report, and goes back to
     * the settings of the environment. Objects stay, and so does the size of the memory. Without an emulator there is
     * nothing to forget.
     */
    public static synchronized void reset() {
        if (loaded) {
            reset0();
        }
    }

    /**
     * How many objects are live.
     *
     * @param what {@code allocations}, {@code pinned}, {@code registered}, {@code contexts}, {@code modules},
     *     {@code streams}, {@code events}, {@code graphs}, {@code graphExecs}, {@code pendingWork}, or
     *     {@code leakedAtRelease}: what was live when the primary context was last released
     * @return the number
     * @throws IllegalArgumentException if it is none of these
     */
    public static long live(String what) {
        long count = live0(what);
        if (count < 0) {
            throw new IllegalArgumentException("what: nothing of the name " + what + " is counted");
        }
        return count;
    }

    /** {@return how many allocations of device memory are live} */
    public static long allocations() {
        return live("allocations");
    }

    /** {@return the bytes of all live allocations of device memory} */
    public static long bytes() {
        return bytes0();
    }

    /**
     * How often a driver function was called since the process began.
     *
     * @param function its name, with or without an ending such as {@code _v2}
     * @return the number, 0 for an unknown function
     */
    public static long calls(String function) {
        return calls0(function);
    }

    /** {@return how many kernels ran since the last reset} */
    public static long launches() {
        return launches0();
    }

    /**
     * A launch that ran.
     *
     * @param i counted from the last one, which is 0
     * @return such as {@code axpy grid=(2,1,1) block=(64,1,1) shared=0 cooperative=0}, or null if there was none
     */
    public static String launch(long i) {
        return launch0(i);
    }

    /** {@return what the emulator last had to say, or an empty text} */
    public static String lastReport() {
        return lastReport0();
    }

    /**
     * The order in which threads and blocks get their turn, from the next launch on.
     *
     * @param order {@code fwd}, {@code rev} or {@code rand:SEED}
     * @throws IllegalArgumentException if it is none of these
     */
    public static void order(String order) {
        if (order0(order) != 0) {
            throw new IllegalArgumentException("order: fwd, rev or rand:SEED, not " + order);
        }
    }

    /**
     * When work of streams runs. Work that is queued runs first.
     *
     * @param mode {@code eager}: when it is submitted; {@code lazy}: when something waits for it, and nothing else
     *     with it; {@code others}: when something waits for it, and all other work before
     * @throws IllegalArgumentException if it is none of these
     */
    public static void streams(String mode) {
        if (streams0(mode) != 0) {
            throw new IllegalArgumentException("mode: eager, lazy or others, not " + mode);
        }
    }

    /**
     * Work of streams is queued until something waits for it ({@code lazy}), or not ({@code eager}).
     *
     * @param deferred whether
     */
    public static void deferred(boolean deferred) {
        streams(deferred ? "lazy" : "eager");
    }

    /**
     * Makes every kernel last longer.
     *
     * @param milliseconds added to each, 0 for nothing
     */
    public static void delay(int milliseconds) {
        delay0(milliseconds);
    }

    /**
     * After how long a kernel in which all threads only spin is stopped with 702.
     *
     * @param milliseconds the time
     */
    public static void timeout(int milliseconds) {
        timeout0(milliseconds);
    }

    /**
     * Sets how much memory the device has. What is allocated stays.
     *
     * @param bytes the size
     */
    public static void memory(long bytes) {
        memory0(bytes);
    }

    private static native int fail0(String function, long k, int status);

    private static native void reset0();

    private static native long live0(String what);

    private static native long bytes0();

    private static native long calls0(String function);

    private static native long launches0();

    private static native String launch0(long i);

    private static native String lastReport0();

    private static native int order0(String order);

    private static native int streams0(String mode);

    private static native void delay0(int milliseconds);

    private static native void timeout0(int milliseconds);

    private static native void memory0(long bytes);
}
