package dev.rondo.cpu.reference;

import dev.rondo.Activation;
import dev.rondo.Tensor;
import dev.rondo.spi.ElementKernels;

/** Single elements and columns, one after the other. */
final class ReferenceElements implements ElementKernels {
    @Override
    public void activate(Activation activation, Tensor x, Tensor y) {
        double[] values = x.toDoubles();
        for (int i = 0; i < values.length; i++) {
            values[i] = function(activation, values[i]);
        }
        y.set(values);
    }

    private static double function(Activation activation, double x) {
        return switch (activation) {
            case TANH -> Math.tanh(x);
            case SIGMOID -> Products.sigmoid(x);
            case RELU -> Math.max(x, 0);
        };
    }

    /** The derivative from the output. */
    private static double derivative(Activation activation, double y) {
        return switch (activation) {
            case TANH -> Products.dTanh(y);
            case SIGMOID -> Products.dSigmoid(y);
            case RELU -> y > 0 ? 1 : 0;
        };
    }

    @Override
    public void activateBackward(Activation activation, Tensor y, Tensor dy, Tensor dx) {
        double[] ys = y.toDoubles();
        double[] gradient = dy.toDoubles();
        for (int i = 0; i < ys.length; i++) {
            gradient[i] *= derivative(activation, ys[i]);
        }
        dx.set(gradient);
    }

    @Override
    public void add(double factor, Tensor x, Tensor y) {
        double[] xs = x.toDoubles();
        double[] ys = y.toDoubles();
        for (int i = 0; i < ys.length; i++) {
            ys[i] += factor * xs[i];
        }
        y.set(ys);
    }

    @Override
    public void multiply(Tensor a, Tensor b, Tensor y, boolean accumulate) {
        double[] as = a.toDoubles();
        double[] bs = b.toDoubles();
        double[] ys = y.toDoubles();
        for (int i = 0; i < ys.length; i++) {
            ys[i] = (accumulate ? ys[i] : 0) + as[i] * bs[i];
        }
        y.set(ys);
    }

    @Override
    public void copyColumns(
            Tensor source, int sourceColumn, Tensor target, int targetColumn, int width, boolean accumulate) {
        int a = columns(source);
        int b = columns(target);
        int repeated = source.size() / a;
        double[] from = source.toDoubles();
        double[] to = target.toDoubles();
        for (int m = 0; m < to.length / b; m++) {
            for (int j = 0; j < width; j++) {
                int i = m * b + targetColumn + j;
                to[i] = (accumulate ? to[i] : 0) + from[(m % repeated) * a + sourceColumn + j];
            }
        }
        target.set(to);
    }

    @Override
    public void sumColumns(
            Tensor source, int sourceColumn, Tensor target, int targetColumn, int width, boolean accumulate) {
        int a = columns(source);
        int b = columns(target);
        double[] from = source.toDoubles();
        double[] to = target.toDoubles();
        int rows = to.length / b;
        for (int r = 0; r < rows; r++) {
            for (int j = 0; j < width; j++) {
                double sum = 0;
                for (int m = r; m < from.length / a; m += rows) {
                    sum += from[m * a + sourceColumn + j];
                }
                int i = r * b + targetColumn + j;
                to[i] = (accumulate ? to[i] : 0) + sum;
            }
        }
        target.set(to);
    }

    private static int columns(Tensor tensor) {
        return tensor.rank() == 0 ? 1 : tensor.dimension(tensor.rank() - 1);
    }
}
