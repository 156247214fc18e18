package dev.rondo.cpu;

import dev.rondo.Activation;
import dev.rondo.Tensor;
import dev.rondo.spi.ElementKernels;
import java.util.Arrays;

/** Single elements and columns. A call borrows an object with its arguments, so any number of threads call at the same time. */
final class CpuElements implements ElementKernels {
    private final Spares<Call> calls;

    CpuElements(InnerLoops loops, Workers workers) {
        this.calls = new Spares<>(() -> new Call(loops, workers));
    }

    @Override
    public void activate(Activation activation, Tensor x, Tensor y) {
        Call call = calls.borrow();
        call.activate(activation, x, y);
        calls.giveBack(call);
    }

    @Override
    public void activateBackward(Activation activation, Tensor y, Tensor dy, Tensor dx) {
        Call call = calls.borrow();
        call.activateBackward(activation, y, dy, dx);
        calls.giveBack(call);
    }

    @Override
    public void add(double factor, Tensor x, Tensor y) {
        Call call = calls.borrow();
        call.add(factor, x, y);
        calls.giveBack(call);
    }

    @Override
    public void multiply(Tensor a, Tensor b, Tensor y, boolean accumulate) {
        Call call = calls.borrow();
        call.multiply(a, b, y, accumulate);
        calls.giveBack(call);
    }

    @Override
    public void copyColumns(
            Tensor source, int sourceColumn, Tensor target, int targetColumn, int width, boolean accumulate) {
        Call call = calls.borrow();
        call.columns(call.copyColumns, source, sourceColumn, target, targetColumn, width, accumulate);
        calls.giveBack(call);
    }

    @Override
    public void sumColumns(
            Tensor source, int sourceColumn, Tensor target, int targetColumn, int width, boolean accumulate) {
        Call call = calls.borrow();
        call.columns(call.sumColumns, source, sourceColumn, target, targetColumn, width, accumulate);
        calls.giveBack(call);
    }

    /** One call. Its pieces find the arguments in fields, so that a call allocates nothing. */
    private static final class Call {
        /** Elements of a piece; whole panels. */
        private static final int PIECE = 1 << 14;

        private final InnerLoops loops;
        private final Workers workers;
        private final HostArray a = new HostArray();
        private final HostArray b = new HostArray();
        private final HostArray y = new HostArray();
        private final Workers.Piece activate = this::activate;
        private final Workers.Piece activateBackward = this::activateBackward;
        private final Workers.Piece add = this::add;
        private final Workers.Piece multiply = this::multiply;
        private final Workers.Piece multiplyAdd = this::multiplyAdd;
        final Workers.Piece copyColumns = this::copyColumns;
        final Workers.Piece sumColumns = this::sumColumns;

        private Activation activation = Activation.TANH;
        private int size;
        private float factor;
        private int sourceRows;
        private int sourceRow;
        private int sourceColumn;
        private int targetRows;
        private int targetRow;
        private int targetColumn;
        private int width;
        private int rowsOfPiece;
        private boolean accumulate;

        Call(InnerLoops loops, Workers workers) {
            this.loops = loops;
            this.workers = workers;
        }

        private void close() {
            a.close();
            b.close();
            y.close();
        }

        private void run(int operationsEach, Workers.Piece piece) {
            workers.pieces((long) operationsEach * size, (int) ((size + PIECE - 1L) / PIECE), piece);
        }

        private int end(int piece) {
            return (int) Math.min(size, (piece + 1L) * PIECE);
        }

        void activate(Activation function, Tensor x, Tensor result) {
            activation = function;
            size = x.size();
            try {
                a.open(x);
                y.open(result);
                run(function == Activation.RELU ? 1 : 16, activate);
                y.writeBack(result);
            } finally {
                close();
            }
        }

        private void activate(int piece) {
            int from = piece * PIECE;
            int count = end(piece) - from;
            int to = y.offset + from;
            if (activation == Activation.RELU) {
                for (int i = 0; i < count; i++) {
                    y.array[to + i] = Math.max(a.array[a.offset + from + i], 0);
                }
                return;
            }
            System.arraycopy(a.array, a.offset + from, y.array, to, count);
            int whole = count - count % loops.panel();
            if (activation == Activation.TANH) {
                loops.tanh(y.array, to, whole);
            } else {
                loops.sigmoid(y.array, to, whole);
            }
            for (int i = to + whole; i < to + count; i++) {
                float x = y.array[i];
                y.array[i] = activation == Activation.TANH ? Activations.tanh(x) : Activations.sigmoid(x);
            }
        }

        void activateBackward(Activation function, Tensor output, Tensor dy, Tensor dx) {
            activation = function;
            size = output.size();
            try {
                a.open(output);
                b.open(dy);
                y.open(dx);
                run(3, activateBackward);
                y.writeBack(dx);
            } finally {
                close();
            }
        }

        private void activateBackward(int piece) {
            int from = piece * PIECE;
            int count = end(piece) - from;
            float[] output = a.array;
            float[] dy = b.array;
            float[] dx = y.array;
            int outputAt = a.offset + from;
            int dyAt = b.offset + from;
            int dxAt = y.offset + from;
            switch (activation) {
                case TANH -> {
                    for (int i = 0; i < count; i++) {
                        float value = output[outputAt + i];
                        dx[dxAt + i] = dy[dyAt + i] * (1 - value * value);
                    }
                }
                case SIGMOID -> {
                    for (int i = 0; i < count; i++) {
                        float value = output[outputAt + i];
                        dx[dxAt + i] = dy[dyAt + i] * value * (1 - value);
                    }
                }
                case RELU -> {
                    for (int i = 0; i < count; i++) {
                        dx[dxAt + i] = output[outputAt + i] > 0 ? dy[dyAt + i] : 0;
                    }
                }
            }
        }

        void add(double times, Tensor x, Tensor sum) {
            factor = (float) times;
            size = x.size();
            try {
                a.open(x);
                y.open(sum);
                run(2, add);
                y.writeBack(sum);
            } finally {
                close();
            }
        }

        private void add(int piece) {
            int from = piece * PIECE;
            int count = end(piece) - from;
            float[] x = a.array;
            float[] sum = y.array;
            int xAt = a.offset + from;
            int sumAt = y.offset + from;
            float times = factor;
            for (int i = 0; i < count; i++) {
                sum[sumAt + i] += times * x[xAt + i];
            }
        }

        void multiply(Tensor left, Tensor right, Tensor product, boolean added) {
            size = left.size();
            try {
                a.open(left);
                b.open(right);
                y.open(product);
                run(2, added ? multiplyAdd : multiply);
                y.writeBack(product);
            } finally {
                close();
            }
        }

        private void multiply(int piece) {
            int from = piece * PIECE;
            int count = end(piece) - from;
            float[] left = a.array;
            float[] right = b.array;
            float[] product = y.array;
            int leftAt = a.offset + from;
            int rightAt = b.offset + from;
            int productAt = y.offset + from;
            for (int i = 0; i < count; i++) {
                product[productAt + i] = left[leftAt + i] * right[rightAt + i];
            }
        }

        private void multiplyAdd(int piece) {
            int from = piece * PIECE;
            int count = end(piece) - from;
            float[] left = a.array;
            float[] right = b.array;
            float[] sum = y.array;
            int leftAt = a.offset + from;
            int rightAt = b.offset + from;
            int sumAt = y.offset + from;
            for (int i = 0; i < count; i++) {
                sum[sumAt + i] += left[leftAt + i] * right[rightAt + i];
            }
        }

        void columns(
                Workers.Piece piece,
                Tensor source,
                int fromColumn,
                Tensor target,
                int toColumn,
                int columns,
                boolean added) {
            sourceRow = columns(source);
            targetRow = columns(target);
            sourceRows = source.size() / sourceRow;
            targetRows = target.size() / targetRow;
            sourceColumn = fromColumn;
            targetColumn = toColumn;
            width = columns;
            accumulate = added;
            rowsOfPiece = Math.max(1, PIECE / columns);
            try {
                a.open(source);
                y.open(target);
                long operations = 2L * Math.max(sourceRows, targetRows) * columns;
                workers.pieces(operations, (int) ((targetRows + rowsOfPiece - 1L) / rowsOfPiece), piece);
                y.writeBack(target);
            } finally {
                close();
            }
        }

        private static int columns(Tensor tensor) {
            return tensor.rank() == 0 ? 1 : tensor.dimension(tensor.rank() - 1);
        }

        private void copyColumns(int piece) {
            int end = (int) Math.min(targetRows, (piece + 1L) * rowsOfPiece);
            for (int m = piece * rowsOfPiece; m < end; m++) {
                int from = a.offset + m % sourceRows * sourceRow + sourceColumn;
                int to = y.offset + m * targetRow + targetColumn;
                if (accumulate) {
                    addRow(y.array, to, a.array, from, width);
                } else {
                    System.arraycopy(a.array, from, y.array, to, width);
                }
            }
        }

        private void sumColumns(int piece) {
            int end = (int) Math.min(targetRows, (piece + 1L) * rowsOfPiece);
            for (int r = piece * rowsOfPiece; r < end; r++) {
                int to = y.offset + r * targetRow + targetColumn;
                if (!accumulate) {
                    Arrays.fill(y.array, to, to + width, 0);
                }
                for (int m = r; m < sourceRows; m += targetRows) {
                    addRow(y.array, to, a.array, a.offset + m * sourceRow + sourceColumn, width);
                }
            }
        }

        private static void addRow(float[] target, int to, float[] source, int from, int count) {
            for (int j = 0; j < count; j++) {
                target[to + j] += source[from + j];
            }
        }
    }
}
