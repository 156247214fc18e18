package dev.rondo.cuda;

import dev.rondo.ParameterLayout;
import dev.rondo.RnnSpec;
import dev.rondo.cuda.CudaCell.Group;
import org.jspecify.annotations.Nullable;

/**
 * The loop over time of one layer and direction. All that is kept lies in the order of the steps: {@code h(s)} are the states
 * before step s, and step s of row n lies at time s, or for the reverse direction at {@code length - 1 - s}.
 */
final class LayerPass {
    private final CudaKernels backend;
    private final CudaRnn rnn;
    private final RnnSpec spec;
    private final int layer;
    private final int d;
    private final boolean reverse;
    private final CudaCell cell;
    private final int inputs;
    private final int hidden;
    private final long[] weightOffsets = new long[4];

    /** Gates [T,N,blocks*H]: pre-activations, then activations, then their gradients. */
    private final DeviceMemory.Buffer gates;
    /** States [T+1,N,H]. */
    private final DeviceMemory.Buffer h;

    private final DeviceMemory.@Nullable Buffer c;
    /** What the second group of U multiplies [T,N,H]. */
    private final DeviceMemory.@Nullable Buffer p;
    /** The input in the order of the steps [T,N,I], or its indices [T,N]. */
    private DeviceMemory.@Nullable Buffer ordered;
    /** W transposed [I,G*H], for indices. */
    private DeviceMemory.@Nullable Buffer transposedWeights;

    private long weights;
    /** The input as it came. */
    private long source;
    /** The input in the order of the steps. */
    private long x;

    private boolean indices;
    private long dy;
    private long dhLast;
    private final Forms forwardForms = new Forms(true);
    private final Forms backwardForms = new Forms(false);
    private Recurrence forwardForm = new StepRecurrence(true);
    private Recurrence backwardForm = new StepRecurrence(false);

    LayerPass(CudaKernels backend, CudaRnn rnn, RnnSpec spec, int layer, int d, int maxSteps, int maxBatch) {
        this.backend = backend;
        this.rnn = rnn;
        this.spec = spec;
        this.layer = layer;
        this.d = d;
        this.reverse = spec.direction().isReverse(d);
        this.cell = CudaCells.of(spec.cell());
        this.inputs = spec.inputSize(layer);
        this.hidden = spec.hiddenSize();
        String suffix = spec.suffix(layer, d);
        ParameterLayout layout = spec.layout();
        weightOffsets[0] = layout.entry("weight_ih" + suffix).offset();
        weightOffsets[1] = layout.entry("weight_hh" + suffix).offset();
        weightOffsets[2] = spec.bias() ? layout.entry("bias_ih" + suffix).offset() : -1;
        weightOffsets[3] = spec.bias() ? layout.entry("bias_hh" + suffix).offset() : -1;
        long states = (long) maxBatch * hidden;
        gates = rnn.allocate(maxSteps * states * cell.blocks(), "gates");
        h = rnn.allocate((maxSteps + 1) * states, "states");
        c = spec.cell().hasCellState() ? rnn.allocate((maxSteps + 1) * states, "cell states") : null;
        p = cell.recurrent().size() > 1 ? rnn.allocate(maxSteps * states, "reset states") : null;
    }

    // ---- what the cells ask for

    int batch() {
        return rnn.batch();
    }

    int hidden() {
        return hidden;
    }

    /** N*H, the threads of a step. */
    long units() {
        return (long) rnn.batch() * hidden;
    }

    /** The number of rows of all steps. */
    private int rows() {
        return rnn.steps() * rnn.batch();
    }

    private int gateRow() {
        return cell.blocks() * hidden;
    }

    long lengths() {
        return rnn.lengths();
    }

    long gates(int s) {
        return gates.at(s * (long) rnn.batch() * gateRow());
    }

    long h(int s) {
        return h.at(s * units());
    }

    long c(int s) {
        return c == null ? 0 : c.at(s * units());
    }

    long p(int s) {
        return p == null ? 0 : p.at(s * units());
    }

    int steps() {
        return rnn.steps();
    }

    CudaCell cell() {
        return cell;
    }

    boolean isReverse() {
        return reverse;
    }

    /** D*H, the distance of two rows of dy. */
    int outputSize() {
        return spec.outputSize();
    }

    /** This direction's part of dy {@code [T,N,D*H]}; 0 for zero. */
    long dy() {
        return dy;
    }

    /** Memory for blocks to hand values to each other. */
    long workspace() {
        return rnn.workspace();
    }

    long dh() {
        return rnn.dh();
    }

    long dc() {
        return rnn.dc();
    }

    long dp() {
        return rnn.dp();
    }

    Launcher launch(Kernel kernel) {
        return backend.launcher().of(kernel);
    }

    /** The bias of W from a gate on; 0 without biases. */
    long inputBias(int gate) {
        return weightOffsets[2] < 0 ? 0 : weights + 4 * (weightOffsets[2] + (long) gate * hidden);
    }

    /** The bias of U from a gate on; 0 without biases. */
    long recurrentBias(int gate) {
        return weightOffsets[3] < 0 ? 0 : weights + 4 * (weightOffsets[3] + (long) gate * hidden);
    }

    private long w(int gate) {
        return weights + 4 * (weightOffsets[0] + (long) gate * hidden * inputs);
    }

    long u(int gate) {
        return weights + 4 * (weightOffsets[1] + (long) gate * hidden * hidden);
    }

    /** Starts blocks of all rows of gates with the sum of two vectors; 0 for none. */
    void fillBias(int block, int count, long a, long b) {
        int width = count * hidden;
        launch(Kernel.FILL_ROWS)
                .pointer(gates.at((long) block * hidden))
                .integer(gateRow())
                .wide(rows())
                .integer(width)
                .pointer(a)
                .pointer(b)
                .linear((long) rows() * width);
    }

    /** Adds {@code U state} to gates of step s. */
    void addRecurrent(int s, Group group, long state) {
        backend.products()
                .nt(
                        state,
                        hidden,
                        u(group.gate()),
                        hidden,
                        gates(s) + 4L * group.block() * hidden,
                        gateRow(),
                        rnn.batch(),
                        group.count() * hidden,
                        hidden,
                        true);
    }

    /** The arguments of a backward kernel from dy on. */
    Launcher outputGradient(int s) {
        return backend.launcher()
                .pointer(dy)
                .integer(spec.outputSize())
                .pointer(lengths())
                .flag(reverse)
                .integer(s)
                .integer(rnn.steps())
                .integer(rnn.batch())
                .integer(hidden);
    }

    /** Gives dh of rows past their length at step s what it was at first: a product with 0 need not be 0. */
    void keepPastLengths(int s) {
        if (lengths() != 0) {
            launch(Kernel.ROWS_PAST_LENGTHS)
                    .pointer(dh())
                    .pointer(dhLast)
                    .pointer(lengths())
                    .integer(s)
                    .integer(rnn.batch())
                    .integer(hidden)
                    .linear(units());
        }
    }

    /** {@code target = or += U^T da} of step s. */
    void addRecurrentGradient(int s, Group group, long target, boolean accumulate) {
        backend.products()
                .nn(
                        gates(s) + 4L * group.block() * hidden,
                        gateRow(),
                        u(group.gate()),
                        hidden,
                        target,
                        hidden,
                        rnn.batch(),
                        hidden,
                        group.count() * hidden,
                        accumulate);
    }

    // ---- the passes

    /**
     * Allocates what the passes to come need, before any address is taken; the lengths are known.
     *
     * @param isIndices whether the input is indices
     */
    void reserve(boolean isIndices) {
        if (ordered == null && (isIndices || isOrderedCopy())) {
            ordered = rnn.allocate((long) rnn.maxRows() * inputs, "inputs in the order of the steps");
        }
        if (transposedWeights == null && isIndices) {
            transposedWeights = rnn.allocate((long) inputs * spec.gateRows(), "transposed weights");
        }
        if (backend.plans().mayTakeGrid(spec.cell())) {
            rnn.reserveWorkspace();
        }
    }

    /**
     * Gets ready for a forward pass and the backward pass after it. What both need to know is set here and not by launches,
     * which a graph may replay.
     *
     * @param weightsAddress the flat vector of the weights
     * @param xAddress {@code [T,N,I]} or indices {@code [T,N]}
     * @param isIndices which of the two
     * @param training whether a backward pass may come
     */
    void begin(long weightsAddress, long xAddress, boolean isIndices, boolean training) {
        weights = weightsAddress;
        source = xAddress;
        indices = isIndices;
        x = ordered != null && (indices || isOrderedCopy()) ? ordered.address() : xAddress;
        dy = 0;
        dhLast = 0;
        forwardForm = forwardForms.form(this);
        if (training) {
            backwardForm = backwardForms.form(this);
        }
    }

    /** The form of a recurrence for the sizes of the last call: only others are looked up. */
    private static final class Forms {
        private final boolean forward;
        private int batch;
        private int steps;
        private @Nullable Recurrence form;

        Forms(boolean forward) {
            this.forward = forward;
        }

        /** Measuring a form is harmless here: what it spoils is about to be written. */
        Recurrence form(LayerPass pass) {
            Recurrence known = form;
            if (known == null || batch != pass.batch() || steps != pass.steps()) {
                batch = pass.batch();
                steps = pass.steps();
                known = pass.backend
                        .plans()
                        .choose(
                                new Plans.Shape(pass.spec.cell(), forward, pass.hidden, batch, steps),
                                one -> pass.rnn.microseconds(Plans.MEASURED_STEPS, () -> one.launch(pass)));
                form = known;
            }
            return known;
        }
    }

    /** Whether the input has to be brought into the order of the steps: other order, or padding that must not be read. */
    private boolean isOrderedCopy() {
        return reverse || (rnn.lengths() != 0 && layer == 0);
    }

    /**
     * All steps, forward.
     *
     * @param h0 initial states [N,H]; 0 for zero
     * @param c0 initial cell states; 0 for zero
     */
    void forward(long h0, long c0) {
        orderInput();
        initialize(h, h0);
        if (c != null) {
            initialize(c, c0);
        }
        cell.fillBiases(this);
        cell.input().forEach(this::addInput);
        forwardForm.launch(this);
    }

    private void initialize(DeviceMemory.Buffer slots, long initial) {
        if (initial == 0) {
            backend.zero(slots.address(), units());
        } else {
            backend.copy(slots.address(), initial, units());
        }
    }

    private void orderInput() {
        if (indices) {
            launch(Kernel.INDICES_TO_STEPS)
                    .pointer(source)
                    .pointer(lengths())
                    .flag(reverse)
                    .integer(rnn.steps())
                    .integer(rnn.batch())
                    .integer(inputs)
                    .pointer(x)
                    .linear(rows());
        } else if (x != source) {
            launch(Kernel.ROWS_TO_STEPS)
                    .pointer(source)
                    .integer(inputs)
                    .pointer(lengths())
                    .flag(reverse)
                    .integer(rnn.steps())
                    .integer(rnn.batch())
                    .integer(inputs)
                    .pointer(x)
                    .linear((long) rows() * inputs);
        }
    }

    private void addInput(Group group) {
        long to = gates.at((long) group.block() * hidden);
        int width = group.count() * hidden;
        if (!indices) {
            backend.products().nt(x, inputs, w(group.gate()), inputs, to, gateRow(), rows(), width, inputs, true);
            return;
        }
        long transposed = transposedWeights == null ? 0 : transposedWeights.address();
        if (group.gate() == 0) {
            launch(Kernel.TRANSPOSE)
                    .pointer(w(0))
                    .integer(spec.gateRows())
                    .integer(inputs)
                    .pointer(transposed)
                    .grid((inputs + 31L) / 32, Math.min(65535, (spec.gateRows() + 31L) / 32), 1, 32, 8);
        }
        launch(Kernel.GATHER_ROWS)
                .pointer(transposed + 4L * group.gate() * hidden)
                .integer(spec.gateRows())
                .integer(inputs)
                .pointer(x)
                .integer(rows())
                .integer(width)
                .pointer(to)
                .integer(gateRow())
                .flag(true)
                .linear((long) rows() * width);
    }

    /** Writes the outputs to this direction's part of {@code y [T,N,D*H]}, in the order of time, 0 past the lengths. */
    void output(long y) {
        launch(Kernel.ROWS_TO_TIME)
                .pointer(h(1))
                .pointer(lengths())
                .flag(reverse)
                .integer(rnn.steps())
                .integer(rnn.batch())
                .integer(hidden)
                .pointer(y + 4L * d * hidden)
                .integer(spec.outputSize())
                .flag(false)
                .linear((long) rows() * hidden);
    }

    /**
     * All steps, backwards. The gradients by the final states are in dh and dc, and those by the initial ones afterwards.
     *
     * @param dyAddress {@code [T,N,D*H]}; 0 for zero
     * @param dhLast what dh is at first; 0 for zero
     */
    void backward(long dyAddress, long dhLast) {
        dy = dyAddress == 0 ? 0 : dyAddress + 4L * d * hidden;
        this.dhLast = dhLast;
        backwardForm.launch(this);
    }

    /**
     * Adds the gradients of the weights, after {@link #backward}.
     *
     * @param gradients the flat vector
     */
    void addWeightGradients(long gradients) {
        long scratch = rnn.scratch();
        if (lengths() != 0) {
            clearStatesPastLengths();
        }
        for (Group group : cell.input()) {
            long da = gates.at((long) group.block() * hidden);
            int width = group.count() * hidden;
            long dw = gradients + 4 * (weightOffsets[0] + (long) group.gate() * hidden * inputs);
            if (indices) {
                launch(Kernel.SCATTER_ADD_ROWS)
                        .pointer(da)
                        .integer(gateRow())
                        .pointer(x)
                        .integer(rows())
                        .integer(width)
                        .integer(inputs)
                        .pointer(dw)
                        .wide(1)
                        .wide(inputs)
                        .grid(Math.min(inputs, 65535), Math.min(65535, (width + 255L) / 256), 1, Launcher.THREADS, 1);
            } else {
                backend.products().addTransposed(da, gateRow(), x, inputs, dw, inputs, width, inputs, rows(), scratch);
            }
            addBiasGradient(group, gradients, weightOffsets[2]);
        }
        for (int i = 0; i < cell.recurrent().size(); i++) {
            Group group = cell.recurrent().get(i);
            long da = gates.at((long) group.block() * hidden);
            long du = gradients + 4 * (weightOffsets[1] + (long) group.gate() * hidden * hidden);
            long states = i == 0 ? h(0) : p(0);
            backend.products()
                    .addTransposed(
                            da, gateRow(), states, hidden, du, hidden, group.count() * hidden, hidden, rows(), scratch);
            addBiasGradient(group, gradients, weightOffsets[3]);
        }
    }

    /** There the gradients are zero, and zero times an infinite state would be NaN. */
    private void clearStatesPastLengths() {
        launch(Kernel.ROWS_TO_STEPS)
                .pointer(h(0))
                .integer(hidden)
                .pointer(lengths())
                .flag(false)
                .integer(rnn.steps())
                .integer(rnn.batch())
                .integer(hidden)
                .pointer(h(0))
                .linear((long) rows() * hidden);
    }

    private void addBiasGradient(Group group, long gradients, long offset) {
        if (offset >= 0) {
            ColumnSums.add(
                    backend.launcher(),
                    gates.at((long) group.block() * hidden),
                    gateRow(),
                    rows(),
                    group.count() * hidden,
                    gradients + 4 * (offset + (long) group.gate() * hidden),
                    rnn.scratch());
        }
    }

    /** The elements of scratch that the gradients of the weights need. */
    long scratchElements() {
        int rows = rnn.maxRows();
        long elements = 0;
        for (Group group : cell.input()) {
            int width = group.count() * hidden;
            elements = Math.max(elements, backend.products().scratchElements(width, inputs, rows));
            elements = Math.max(elements, ColumnSums.scratchElements(rows, width));
        }
        for (Group group : cell.recurrent()) {
            int width = group.count() * hidden;
            elements = Math.max(elements, backend.products().scratchElements(width, hidden, rows));
            elements = Math.max(elements, ColumnSums.scratchElements(rows, width));
        }
        return elements;
    }

    /**
     * The gradient by the input, after {@link #backward}.
     *
     * @param dx {@code [T,N,I]} in the order of time, 0 past the lengths
     * @param steps room for the same in the order of the steps
     */
    void inputGradient(long dx, long steps) {
        boolean direct = !reverse && rnn.lengths() == 0;
        boolean accumulate = direct && d > 0;
        for (Group group : cell.input()) {
            backend.products()
                    .nn(
                            gates.at((long) group.block() * hidden),
                            gateRow(),
                            w(group.gate()),
                            inputs,
                            direct ? dx : steps,
                            inputs,
                            rows(),
                            inputs,
                            group.count() * hidden,
                            accumulate);
            accumulate = true;
        }
        if (!direct) {
            launch(Kernel.ROWS_TO_TIME)
                    .pointer(steps)
                    .pointer(lengths())
                    .flag(reverse)
                    .integer(rnn.steps())
                    .integer(rnn.batch())
                    .integer(inputs)
                    .pointer(dx)
                    .integer(inputs)
                    .flag(d > 0)
                    .linear((long) rows() * inputs);
        }
    }
}
