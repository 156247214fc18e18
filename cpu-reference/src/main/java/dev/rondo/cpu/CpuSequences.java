package dev.rondo.cpu;

import dev.rondo.IntTensor;
import dev.rondo.Pooling;
import dev.rondo.Tensor;
import dev.rondo.spi.SequenceKernels;
import java.util.Arrays;
import org.jspecify.annotations.Nullable;

/** Pooling and attention. A call borrows an object with its scratch, so any number of threads call at the same time. */
final class CpuSequences implements SequenceKernels {
    private final Spares<PoolingCall> poolings;
    private final Spares<AttentionCall> attentions;

    CpuSequences(InnerLoops loops, Workers workers) {
        this.poolings = new Spares<>(() -> new PoolingCall(workers));
        this.attentions = new Spares<>(() -> new AttentionCall(loops, workers));
    }

    @Override
    public void poolForward(Pooling.Kind kind, Tensor x, @Nullable IntTensor lengths, Tensor y) {
        PoolingCall call = poolings.borrow();
        call.forward(kind, x, lengths, y);
        poolings.giveBack(call);
    }

    @Override
    public void poolBackward(Pooling.Kind kind, Tensor x, @Nullable IntTensor lengths, Tensor y, Tensor dy, Tensor dx) {
        PoolingCall call = poolings.borrow();
        call.backward(kind, x, lengths, y, dy, dx);
        poolings.giveBack(call);
    }

    @Override
    public void attentionForward(
            Tensor q,
            Tensor k,
            Tensor v,
            @Nullable IntTensor lengths,
            @Nullable Tensor u,
            Tensor weights,
            Tensor context) {
        AttentionCall call = attentions.borrow();
        call.forward(q, k, v, lengths, u, weights, context);
        attentions.giveBack(call);
    }

    @Override
    public void attentionBackward(
            Tensor q,
            Tensor k,
            Tensor v,
            @Nullable IntTensor lengths,
            @Nullable Tensor u,
            Tensor weights,
            Tensor dContext,
            Tensor dq,
            Tensor dk,
            Tensor dv,
            @Nullable Tensor du) {
        AttentionCall call = attentions.borrow();
        call.backward(q, k, v, lengths, u, weights, dContext, dq, dk, dv, du);
        attentions.giveBack(call);
    }

    /** One call of pooling. A piece of work is a row of the batch. */
    private static final class PoolingCall {
        private final Workers workers;
        private final HostArray x = new HostArray();
        private final HostArray y = new HostArray();
        private final HostArray dy = new HostArray();
        private final HostArray dx = new HostArray();
        private final RowLengths lengths = new RowLengths();
        private final Workers.Piece forward = this::forward;
        private final Workers.Piece backward = this::backward;
        private Pooling.Kind kind = Pooling.Kind.MEAN;
        private int steps;
        private int batch;
        private int size;

        PoolingCall(Workers workers) {
            this.workers = workers;
        }

        private void open(Pooling.Kind how, Tensor input, @Nullable IntTensor valid, Tensor output) {
            kind = how;
            steps = input.dimension(0);
            batch = input.dimension(1);
            size = input.dimension(2);
            lengths.open(valid, batch, steps);
            x.open(input);
            y.open(output);
        }

        private void close() {
            x.close();
            y.close();
            dy.close();
            dx.close();
            lengths.close();
        }

        void forward(Pooling.Kind how, Tensor input, @Nullable IntTensor valid, Tensor output) {
            try {
                open(how, input, valid, output);
                workers.pieces((long) steps * batch * size, batch, forward);
                y.writeBack(output);
            } finally {
                close();
            }
        }

        private void forward(int n) {
            int length = lengths.of(n);
            int to = y.offset + n * size;
            float[] in = x.array;
            float[] out = y.array;
            if (length == 0) {
                Arrays.fill(out, to, to + size, 0);
                return;
            }
            int first = kind == Pooling.Kind.LAST ? length - 1 : 0;
            System.arraycopy(in, at(first, n), out, to, size);
            for (int t = 1; t < length && kind != Pooling.Kind.LAST; t++) {
                int from = at(t, n);
                if (kind == Pooling.Kind.MEAN) {
                    for (int i = 0; i < size; i++) {
                        out[to + i] += in[from + i];
                    }
                } else {
                    for (int i = 0; i < size; i++) {
                        out[to + i] = Math.max(out[to + i], in[from + i]);
                    }
                }
            }
            if (kind == Pooling.Kind.MEAN) {
                for (int i = 0; i < size; i++) {
                    out[to + i] /= length;
                }
            }
        }

        private int at(int t, int n) {
            return x.offset + (t * batch + n) * size;
        }

        void backward(
                Pooling.Kind how,
                Tensor input,
                @Nullable IntTensor valid,
                Tensor output,
                Tensor dOutput,
                Tensor dInput) {
            try {
                open(how, input, valid, output);
                dy.open(dOutput);
                dx.open(dInput);
                workers.pieces((long) steps * batch * size, batch, backward);
                dx.writeBack(dInput);
            } finally {
                close();
            }
        }

        private void backward(int n) {
            int length = lengths.of(n);
            int from = dy.offset + n * size;
            for (int t = 0; t < steps; t++) {
                int to = dx.offset + (t * batch + n) * size;
                boolean last = kind == Pooling.Kind.LAST && t == length - 1;
                if (kind == Pooling.Kind.MEAN && t < length) {
                    for (int i = 0; i < size; i++) {
                        dx.array[to + i] = dy.array[from + i] / length;
                    }
                } else if (last) {
                    System.arraycopy(dy.array, from, dx.array, to, size);
                } else {
                    Arrays.fill(dx.array, to, to + size, 0);
                }
            }
            if (kind == Pooling.Kind.MAX && length > 0) {
                for (int i = 0; i < size; i++) {
                    int t = 0;
                    while (t < length - 1 && x.array[at(t, n) + i] != y.array[y.offset + n * size + i]) {
                        t++;
                    }
                    dx.array[dx.offset + (t * batch + n) * size + i] = dy.array[from + i];
                }
            }
        }
    }
}
