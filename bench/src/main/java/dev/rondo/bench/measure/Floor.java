package dev.rondo.bench.measure;

import dev.rondo.Precision;
import dev.rondo.cuda.CudaProbe.Device;

/**
 * The least time that a layer can take on a CUDA device, on paper: all multiply-adds at the highest rate of the units that
 * compute them, and after that, for each step, the time in which multiprocessors pass the states on to each other. A bound to
 * see what is left, not a promise: no kernel reaches the highest rate.
 *
 * @param device the device
 * @param precision of all products, those of the recurrence too
 */
record Floor(Device device, Precision precision) {
    /** Bytes of weights that registers and shared memory of one multiprocessor can hold. */
    private static final long ON_CHIP = 355 << 10;

    /** Seconds of a step whose weights lie in one multiprocessor: a barrier of a block, and a chain of gates. */
    private static final double STEP_IN_A_BLOCK = 0.25e-6;

    /** Seconds of a step that several multiprocessors compute: the exchange of a cluster, and a chain of gates. */
    private static final double STEP_OF_SEVERAL = 0.5e-6;

    /** In seconds. */
    double of(BenchCase what) {
        BenchCase.Shape shape = what.shape();
        int bytes = precision == Precision.BF16 ? 2 : 4;
        boolean inABlock = (long) bytes * what.cell().gates() * shape.hidden() * shape.hidden() <= ON_CHIP;
        int chains = what.isTraining() ? 2 : 1;
        return what.floatingPointOperations() / rate()
                + chains * shape.steps() * (inABlock ? STEP_IN_A_BLOCK : STEP_OF_SEVERAL);
    }

    /** Floating-point operations in a second. */
    private double rate() {
        return 1e6 * device.clockMegahertz() * device.multiprocessors() * perClock();
    }

    /** Operations of one multiprocessor in a clock; of the datasheets, where devices of one capability differ the most. */
    private double perClock() {
        return switch (precision) {
            case FP32 -> float32PerClock();
            case TF32X3 -> Math.max(tensorFloat32PerClock() / 3, float32PerClock());
            case TF32 -> tensorFloat32PerClock();
            case BF16 -> 2 * tensorFloat32PerClock();
        };
    }

    private double float32PerClock() {
        return device.capability() <= 80 ? 128 : 256;
    }

    private double tensorFloat32PerClock() {
        int capability = device.capability();
        if (capability == 80) {
            return 1024;
        }
        if (capability == 90) {
            return 2048;
        }
        return capability >= 100 && capability < 120 ? 4096 : 512;
    }
}
