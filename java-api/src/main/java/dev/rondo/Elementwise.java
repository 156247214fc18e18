package dev.rondo;

import dev.rondo.internal.Arguments;
import dev.rondo.internal.CallTensors;
import dev.rondo.internal.TensorArguments;

/** Sums, products and activations of tensors of the same number of elements, each element for itself. */
public final class Elementwise {
    private final Backend backend;
    private final CallTensors unary;
    private final CallTensors gradient;
    private final CallTensors product;

    /**
     * These functions on a backend.
     *
     * @param backend where the tensors live
     */
    public Elementwise(Backend backend) {
        this.backend = Arguments.notNull("backend", backend);
        this.unary = new CallTensors(backend, 2, "x", "y");
        this.gradient = new CallTensors(backend, 3, "y", "dy", "dx");
        this.product = new CallTensors(backend, 3, "a", "b", "y");
    }

    /**
     * {@code y = f(x)}.
     *
     * @param activation f
     * @param x any shape
     * @param y receives as many elements; may be {@code x} itself
     * @throws IllegalArgumentException if a size is wrong, or what is written overlaps a part of what is read or is read-only
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void activate(Activation activation, Tensor x, Tensor y) {
        Arguments.notNull("activation", activation);
        CallTensors.sameSize("y", y, "x", x);
        unary.check(x, y);
        y.requireWritable("y");
        CallTensors.sameOrApart("y", y, "x", x);
        backend.kernels().elements().activate(activation, x, y);
    }

    /**
     * {@code dx = dy * f'(x)}, computed from the output.
     *
     * @param activation f
     * @param y the output of the forward pass
     * @param dy gradient of the loss by the output
     * @param dx receives the gradient by the input; may be {@code dy} itself
     * @throws IllegalArgumentException if a size is wrong, or what is written overlaps a part of what is read or is read-only
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void activateBackward(Activation activation, Tensor y, Tensor dy, Tensor dx) {
        Arguments.notNull("activation", activation);
        CallTensors.sameSize("dy", dy, "y", y);
        CallTensors.sameSize("dx", dx, "y", y);
        gradient.check(y, dy, dx);
        dx.requireWritable("dx");
        CallTensors.sameOrApart("dx", dx, "dy", dy);
        TensorArguments.apart("dx", dx, "y", y);
        backend.kernels().elements().activateBackward(activation, y, dy, dx);
    }

    /**
     * {@code y += factor * x}.
     *
     * @param factor any finite number
     * @param x any shape
     * @param y as many elements, to which is added
     * @throws IllegalArgumentException if a size is wrong, or what is written overlaps what is read or is read-only
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void add(double factor, Tensor x, Tensor y) {
        Arguments.inRange("factor", factor, -Double.MAX_VALUE, Double.MAX_VALUE);
        CallTensors.sameSize("y", y, "x", x);
        unary.check(x, y);
        y.requireWritable("y");
        TensorArguments.apart("y", y, "x", x);
        backend.kernels().elements().add(factor, x, y);
    }

    /**
     * {@code y = a * b}.
     *
     * @param a any shape
     * @param b as many elements; may be {@code a} itself
     * @param y receives as many elements; may be {@code a} or {@code b} itself
     * @throws IllegalArgumentException if a size is wrong, or what is written overlaps a part of what is read or is read-only
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void multiply(Tensor a, Tensor b, Tensor y) {
        checkProduct(a, b, y);
        CallTensors.sameOrApart("y", y, "a", a);
        CallTensors.sameOrApart("y", y, "b", b);
        backend.kernels().elements().multiply(a, b, y, false);
    }

    /**
     * {@code y += a * b}.
     *
     * @param a any shape
     * @param b as many elements; may be {@code a} itself
     * @param y as many elements, to which is added
     * @throws IllegalArgumentException if a size is wrong, or what is written overlaps what is read or is read-only
     * @throws IllegalStateException if a tensor or the backend is closed
     */
    public void multiplyAdd(Tensor a, Tensor b, Tensor y) {
        checkProduct(a, b, y);
        TensorArguments.apart("y", y, "a", a);
        TensorArguments.apart("y", y, "b", b);
        backend.kernels().elements().multiply(a, b, y, true);
    }

    private void checkProduct(Tensor a, Tensor b, Tensor y) {
        CallTensors.sameSize("b", b, "a", a);
        CallTensors.sameSize("y", y, "a", a);
        product.check(a, b, y);
        y.requireWritable("y");
    }
}
