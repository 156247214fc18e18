package dev.rondo.contract;

import java.util.function.DoubleSupplier;

/** Gradients by central differences. */
final class Differences {
    static final double STEP = 1e-6;

    private Differences() {}

    /**
     * The gradient of a loss by the elements of an array that it reads.
     *
     * @param variable changed and put back
     * @param loss of the array as it is at the time of the call
     */
    static double[] of(double[] variable, DoubleSupplier loss) {
        double[] gradient = new double[variable.length];
        for (int i = 0; i < variable.length; i++) {
            double value = variable[i];
            variable[i] = value + STEP;
            double above = loss.getAsDouble();
            variable[i] = value - STEP;
            double below = loss.getAsDouble();
            variable[i] = value;
            gradient[i] = (above - below) / ((value + STEP) - (value - STEP));
        }
        return gradient;
    }
}
