package dev.rondo.train;

import dev.rondo.Backend;
import dev.rondo.Input;
import dev.rondo.IntTensor;
import dev.rondo.RnnSpec;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.internal.Arguments;
import dev.rondo.internal.TensorArguments;
import org.jspecify.annotations.Nullable;

/** What {@link TruncatedBptt} keeps of one advance: its input, the state before it, and the rows that started anew. */
final class KeptAdvance implements AutoCloseable {
    final RnnState initial;
    final boolean[] reset;
    long dropoutSeed;

    private final Backend backend;
    private final RnnSpec spec;
    private final int longest;
    private final int batch;
    private @Nullable Input x;

    /** Room for an advance of at most {@code longest} steps. */
    KeptAdvance(Backend backend, RnnSpec spec, int longest, int batch) {
        this.backend = backend;
        this.spec = spec;
        this.longest = longest;
        this.batch = batch;
        this.initial = backend.state(spec, batch);
        this.reset = new boolean[batch];
    }

    /** Copies an input, {@code [T,N,I]} or {@code [T,N]}. */
    void setInput(Input source) {
        if (source instanceof Tensor dense) {
            TensorArguments.shape("x", dense, "[T,N,I]", -1, batch, spec.inputSize());
            requireSteps(dense);
            if (!(x instanceof Tensor own && own.hasShape(dense.shape()))) {
                replaceInput(backend.tensor(dense.shape()));
            }
            ((Tensor) input()).copyFrom(dense);
        } else if (source instanceof IntTensor indices) {
            TensorArguments.shape("x", indices, "[T,N]", -1, batch);
            requireSteps(indices);
            if (!(x instanceof IntTensor own && own.hasShape(indices.shape()))) {
                replaceInput(backend.intTensor(indices.shape()));
            }
            ((IntTensor) input()).copyFrom(indices);
        }
    }

    private void requireSteps(Input source) {
        if (source.dimension(0) > longest) {
            throw new IllegalArgumentException(
                    "x: expected at most k1 = " + longest + " steps, got " + source.dimension(0));
        }
    }

    int steps() {
        return input().dimension(0);
    }

    Input input() {
        return Arguments.notNull("x", x);
    }

    private void replaceInput(Input empty) {
        closeInput();
        x = empty;
    }

    private void closeInput() {
        if (x instanceof Tensor dense) {
            dense.close();
        } else if (x instanceof IntTensor indices) {
            indices.close();
        }
    }

    @Override
    public void close() {
        initial.close();
        closeInput();
    }
}
