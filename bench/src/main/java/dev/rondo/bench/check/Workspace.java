package dev.rondo.bench.check;

import dev.rondo.Backend;
import dev.rondo.IntTensor;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.function.DoubleUnaryOperator;
import java.util.stream.DoubleStream;

/** What one case, check or measurement takes of a backend. It is given back together, the youngest first. */
public final class Workspace implements AutoCloseable {
    private final Backend backend;
    private final DoubleUnaryOperator rounding;
    private final Deque<AutoCloseable> owned = new ArrayDeque<>();

    public Workspace(Backend backend) {
        this(backend, value -> value);
    }

    /** With numbers that are rounded before they are used. */
    public Workspace(Backend backend, DoubleUnaryOperator rounding) {
        this.backend = backend;
        this.rounding = rounding;
    }

    public Backend backend() {
        return backend;
    }

    public Tensor tensor(double[] values, int... shape) {
        return own(backend.tensor(shape)).set(rounded(values));
    }

    /** The numbers as they are to be used here. */
    public double[] rounded(double... values) {
        return DoubleStream.of(values).map(rounding).toArray();
    }

    IntTensor indices(int[] values, int... shape) {
        return own(backend.intTensor(shape)).set(values);
    }

    /** Room for a result, full of NaN: what the backend does not assign is found. */
    public Tensor unset(int... shape) {
        return own(backend.tensor(shape)).fill(Double.NaN);
    }

    /** A state of zero. */
    public RnnState state(RnnSpec spec, int batch) {
        return own(backend.state(spec, batch));
    }

    /** Room for a state, full of NaN. */
    public RnnState unsetState(RnnSpec spec, int batch) {
        RnnState state = state(spec, batch);
        state.h().fill(Double.NaN);
        Tensor c = state.c();
        if (c != null) {
            c.fill(Double.NaN);
        }
        return state;
    }

    public <T extends AutoCloseable> T own(T resource) {
        owned.push(resource);
        return resource;
    }

    @Override
    public void close() {
        while (!owned.isEmpty()) {
            try {
                owned.pop().close();
            } catch (RuntimeException e) {
                throw e;
            } catch (Exception e) {
                throw new IllegalStateException("closing failed", e);
            }
        }
    }
}
