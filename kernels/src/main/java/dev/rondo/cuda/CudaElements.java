package dev.rondo.cuda;

import dev.rondo.Activation;
import dev.rondo.Tensor;
import dev.rondo.spi.ElementKernels;

/** Single elements and columns. */
final class CudaElements implements ElementKernels {
    private final CudaKernels backend;

    CudaElements(CudaKernels backend) {
        this.backend = backend;
    }

    /** The number of an activation in the kernels. */
    private static int number(Activation activation) {
        return switch (activation) {
            case TANH -> 0;
            case SIGMOID -> 1;
            case RELU -> 2;
        };
    }

    @Override
    public void activate(Activation activation, Tensor x, Tensor y) {
        backend.context().enter();
        try {
            backend.launcher()
                    .of(Kernel.ACTIVATE)
                    .integer(number(activation))
                    .pointer(backend.address(x))
                    .pointer(backend.address(y))
                    .wide(y.size())
                    .linear(y.size());
        } finally {
            backend.context().exit();
        }
    }

    @Override
    public void activateBackward(Activation activation, Tensor y, Tensor dy, Tensor dx) {
        backend.context().enter();
        try {
            backend.launcher()
                    .of(Kernel.ACTIVATE_BACKWARD)
                    .integer(number(activation))
                    .pointer(backend.address(y))
                    .pointer(backend.address(dy))
                    .pointer(backend.address(dx))
                    .wide(y.size())
                    .linear(y.size());
        } finally {
            backend.context().exit();
        }
    }

    @Override
    public void add(double factor, Tensor x, Tensor y) {
        backend.context().enter();
        try {
            backend.launcher()
                    .of(Kernel.ADD_SCALED)
                    .real(factor)
                    .pointer(backend.address(x))
                    .pointer(backend.address(y))
                    .wide(y.size())
                    .linear(y.size());
        } finally {
            backend.context().exit();
        }
    }

    @Override
    public void multiply(Tensor a, Tensor b, Tensor y, boolean accumulate) {
        backend.context().enter();
        try {
            backend.launcher()
                    .of(Kernel.MULTIPLY)
                    .pointer(backend.address(a))
                    .pointer(backend.address(b))
                    .pointer(backend.address(y))
                    .wide(y.size())
                    .flag(accumulate)
                    .linear(y.size());
        } finally {
            backend.context().exit();
        }
    }

    @Override
    public void copyColumns(
            Tensor source, int sourceColumn, Tensor target, int targetColumn, int width, boolean accumulate) {
        columns(Kernel.COPY_COLUMNS, source, sourceColumn, target, targetColumn, width, accumulate);
    }

    @Override
    public void sumColumns(
            Tensor source, int sourceColumn, Tensor target, int targetColumn, int width, boolean accumulate) {
        columns(Kernel.SUM_COLUMNS, source, sourceColumn, target, targetColumn, width, accumulate);
    }

    private void columns(
            Kernel kernel,
            Tensor source,
            int sourceColumn,
            Tensor target,
            int targetColumn,
            int width,
            boolean accumulate) {
        int sourceColumns = columns(source);
        int targetColumns = columns(target);
        int rows = target.size() / targetColumns;
        backend.context().enter();
        try {
            backend.launcher()
                    .of(kernel)
                    .pointer(backend.address(source) + 4L * sourceColumn)
                    .integer(sourceColumns)
                    .integer(source.size() / sourceColumns)
                    .pointer(backend.address(target) + 4L * targetColumn)
                    .integer(targetColumns)
                    .integer(rows)
                    .integer(width)
                    .flag(accumulate)
                    .linear((long) rows * width);
        } finally {
            backend.context().exit();
        }
    }

    private static int columns(Tensor tensor) {
        return tensor.rank() == 0 ? 1 : tensor.dimension(tensor.rank() - 1);
    }
}
