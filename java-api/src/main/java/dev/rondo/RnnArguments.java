package dev.rondo;

import dev.rondo.internal.Arguments;
import dev.rondo.internal.TensorArguments;
import org.jspecify.annotations.Nullable;

/** The checks of what is handed to the passes of one network. */
final class RnnArguments {
    private final Backend backend;
    private final RnnSpec spec;
    private final int maxSteps;
    private final int maxBatch;

    RnnArguments(Backend backend, RnnSpec spec, int maxSteps, int maxBatch) {
        this.backend = backend;
        this.spec = spec;
        this.maxSteps = maxSteps;
        this.maxBatch = maxBatch;
    }

    void weights(String name, RnnParameters weights) {
        Arguments.notNull(name, weights);
        RnnSpec other = weights.spec();
        if (!other.sharesWeightsWith(spec)) {
            throw new IllegalArgumentException(name + ": expected those of " + spec + ", got those of " + other);
        }
        weights.flat().requireOpen(name);
        backend.requireAccepted(name, weights.flat());
    }

    void input(Input x) {
        Arguments.notNull("x", x);
        if (x instanceof Tensor dense) {
            tensor("x", dense, "[T,N,I]", -1, -1, spec.inputSize());
        } else if (x instanceof IntTensor indices) {
            TensorArguments.shape("x", indices, "[T,N]", -1, -1);
            backend.requireAccepted("x", indices);
        }
        if (x.dimension(0) > maxSteps) {
            throw new IllegalArgumentException(
                    "x: expected at most maxSteps = " + maxSteps + " steps, got " + x.dimension(0));
        }
        if (x.dimension(1) > maxBatch) {
            throw new IllegalArgumentException(
                    "x: expected at most maxBatch = " + maxBatch + " rows, got " + x.dimension(1));
        }
    }

    static void lengths(int @Nullable [] lengths, int steps, int batch) {
        if (lengths == null) {
            return;
        }
        if (lengths.length != batch) {
            throw new IllegalArgumentException("lengths: expected N = " + batch + " elements, got " + lengths.length);
        }
        for (int n = 0; n < batch; n++) {
            if (lengths[n] < 0 || lengths[n] > steps) {
                throw new IllegalArgumentException(
                        "lengths[" + n + "]: expected 0 to T = " + steps + ", got " + lengths[n]);
            }
        }
    }

    void state(String name, @Nullable RnnState state, int rows) {
        if (state == null) {
            return;
        }
        tensor(name + ".h", state.h(), "[L*D,N,H]", spec.stateCount(), rows, spec.hiddenStateSize());
        Tensor c = state.c();
        int width = spec.cellStateSize();
        if ((c != null) != (width > 0)) {
            throw new IllegalArgumentException(name + ".c: expected "
                    + (c != null ? "null, since " + spec.cell() + " has no cell state, got " + c : "one, got null"));
        }
        if (c != null) {
            tensor(name + ".c", c, "[L*D,N,C]", spec.stateCount(), rows, width);
        }
    }

    void condition(String name, Tensor condition, int rows) {
        TensorArguments.shape(name, condition, "[N,D*G*H]", rows, spec.directions() * spec.gateRows());
        backend.requireAccepted(name, condition);
    }

    void tensor(String name, Tensor tensor, String letters, int d0, int d1, int d2) {
        TensorArguments.shape(name, tensor, letters, d0, d1, d2);
        backend.requireAccepted(name, tensor);
    }

    static void writable(String name, RnnState state) {
        state.h().requireWritable(name + ".h");
        Tensor c = state.c();
        if (c != null) {
            c.requireWritable(name + ".c");
        }
    }

    static void open(String name, @Nullable Tensor tensor) {
        if (tensor != null) {
            tensor.requireOpen(name);
        }
    }

    static void open(String name, @Nullable RnnState state) {
        if (state != null) {
            state.h().requireOpen(name);
            open(name, state.c());
        }
    }

    static void open(Input x) {
        if (x instanceof Tensor dense) {
            dense.requireOpen("x");
        } else if (x instanceof IntTensor indices) {
            indices.requireOpen("x");
        }
    }

    static void apart(String name, Tensor tensor, String otherName, @Nullable RnnState other) {
        if (other != null) {
            TensorArguments.apart(name, tensor, otherName, other.h());
            TensorArguments.apart(name, tensor, otherName, other.c());
        }
    }

    static void apart(String name, RnnState state, String otherName, @Nullable Tensor other) {
        TensorArguments.apart(name, state.h(), otherName, other);
        Tensor c = state.c();
        if (c != null) {
            TensorArguments.apart(name, c, otherName, other);
        }
    }

    /** Two states share either everything, being the same object, or nothing. */
    static void apart(String name, RnnState state, String otherName, @Nullable RnnState other) {
        if (other != state) {
            apart(name, state.h(), otherName, other);
            Tensor c = state.c();
            if (c != null) {
                apart(name, c, otherName, other);
            }
        }
    }
}
