package dev.rondo.cuda;

import dev.rondo.RnnSpec;
import dev.rondo.cuda.CudaCell.Group;

/**
 * The loop over time of one layer and direction. Step s of row n lies at time s, or for the reverse direction at
 * {@code length - 1 - s}. In inference the steps are done in windows, between which states are carried over.
 */
final class LayerPass {
    private final CudaKernels backend;
    private final CudaPass whole;
    private final LayerBuffers b;
    private final RnnSpec spec;
    private final int layer;
    private final int d;
    private final boolean reverse;
    private final CudaCell cell;
    private final int inputs;
    private final int hidden;
    private final LayerWeights parts;
    private final RecurrenceForm forwardForm;
    private final RecurrenceForm backwardForm;

    private long weights;
    /** The input as it came. */
    private long source;
    /** The input in the order of the steps. */
    private long x;

    private boolean indices;
    private long dy;
    private long dhLast;
    /** The steps that are computed at a time, the number of windows before them, and how many there are in them. */
    private int window;

    private int windowsBefore;
    private int count;

    LayerPass(CudaKernels backend, CudaPass whole, LayerBuffers buffers, RnnSpec spec, int layer, int d) {
        this.backend = backend;
        this.whole = whole;
        this.b = buffers;
        this.spec = spec;
        this.layer = layer;
        this.d = d;
        this.reverse = spec.direction().isReverse(d);
        this.cell = CudaCells.of(spec.cell());
        this.inputs = spec.inputSize(layer);
        this.hidden = spec.hiddenSize();
        this.parts = new LayerWeights(spec, layer, d);
        this.forwardForm = new RecurrenceForm(backend.plans(), spec, true);
        this.backwardForm = new RecurrenceForm(backend.plans(), spec, false);
    }

    // ---- what the cells and forms ask for: steps are counted within the window

    int batch() {
        return whole.batch();
    }

    int hidden() {
        return hidden;
    }

    int inputs() {
        return inputs;
    }

    /** N*H, the threads of a step. */
    long units() {
        return (long) whole.batch() * hidden;
    }

    /** The number of steps. */
    int steps() {
        return count;
    }

    /** The number of rows of all steps. */
    int rows() {
        return count * whole.batch();
    }

    int gateRow() {
        return cell.blocks() * hidden;
    }

    /** The valid steps of each row; 0 where all rows are full. */
    long lengths() {
        return whole.lengths(windowsBefore);
    }

    long gates(int s) {
        return b.gates.at(s * (long) whole.batch() * gateRow());
    }

    long h(int s) {
        return b.h.at((firstStep() + s) * units());
    }

    long c(int s) {
        return b.c == null ? 0 : b.c.at(s * units());
    }

    long p(int s) {
        return b.p == null ? 0 : b.p.at(s * units());
    }

    /** The input in the order of the steps, or its indices. */
    long x() {
        return indices ? x + 4 * firstStep() * whole.batch() : x + 4 * firstStep() * whole.batch() * inputs;
    }

    boolean isIndices() {
        return indices;
    }

    private long firstStep() {
        return (long) windowsBefore * window;
    }

    CudaCell cell() {
        return cell;
    }

    LayerBuffers buffers() {
        return b;
    }

    boolean isReverse() {
        return reverse;
    }

    /** D*G*H, the distance of two rows of a condition. */
    int conditionRow() {
        return spec.directions() * spec.gateRows();
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
        return whole.gradients().workspace();
    }

    long dh() {
        return whole.gradients().dh();
    }

    long dc() {
        return whole.gradients().dc();
    }

    long dp() {
        return whole.gradients().dp();
    }

    Launcher launch(Kernel kernel) {
        return backend.launcher().of(kernel);
    }

    LayerWeights parts() {
        return parts;
    }

    /** The bias of W from a gate on; 0 without biases. */
    long inputBias(int gate) {
        return parts.inputBias(weights, gate);
    }

    /** The bias of U from a gate on; 0 without biases. */
    long recurrentBias(int gate) {
        return parts.recurrentBias(weights, gate);
    }

    private long w(int gate) {
        return parts.w(weights, gate);
    }

    long u(int gate) {
        return parts.u(weights, gate);
    }

    /** Starts blocks of all rows of gates with the sum of two vectors; 0 for none. */
    void fillBias(int block, int blocks, long a, long other) {
        int width = blocks * hidden;
        launch(Kernel.FILL_ROWS)
                .pointer(b.gates.at((long) block * hidden))
                .integer(gateRow())
                .wide(rows())
                .integer(width)
                .pointer(a)
                .pointer(other)
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
                        whole.batch(),
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
                .integer(count)
                .integer(whole.batch())
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
                    .integer(whole.batch())
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
                        whole.batch(),
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
        if (isIndices || isOrderedCopy()) {
            b.reserveOrdered();
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
        x = indices || isOrderedCopy() ? b.ordered() : xAddress;
        dy = 0;
        dhLast = 0;
        window = b.window(whole.steps(), whole.batch());
        windowsBefore = 0;
        forwardForm.choose(whole.steps(), whole.batch(), this::microseconds);
        if (training) {
            backwardForm.choose(whole.steps(), whole.batch(), this::microseconds);
        }
    }

    /** The time of a form for the first steps of full rows. What it spoils is about to be written. */
    private double microseconds(Recurrence form) {
        count = Math.min(window, Plans.MEASURED_STEPS);
        return whole.microseconds(() -> form.launch(this));
    }

    /** Whether the input has to be brought into the order of the steps: other order, or padding that must not be read. */
    private boolean isOrderedCopy() {
        return reverse || (whole.hasLengths() && layer == 0);
    }

    /**
     * All steps, forward.
     *
     * @param h0 initial states [N,H]; 0 for zero
     * @param c0 initial cell states; 0 for zero
     * @param condition this direction's part of {@code [N,D*G*H]}, which is added to the gates of every step; 0 for zero
     */
    void forward(long h0, long c0, long condition) {
        windowsBefore = 0;
        count = whole.steps();
        orderInput();
        initialize(h(0), h0);
        if (b.c != null) {
            initialize(c(0), c0);
        }
        for (int first = 0; first < whole.steps(); first += window) {
            if (first > 0) {
                windowsBefore++;
                if (b.c != null) {
                    backend.copy(c(0), c(window), units());
                }
            }
            count = Math.min(window, whole.steps() - first);
            cell.fillBiases(this);
            cell.input().forEach(this::addInput);
            if (condition != 0) {
                Conditions.add(this, condition);
            }
            forwardForm.launch(this);
        }
    }

    /** Copies the states after the last step out, after {@link #forward}. */
    void last(long hLast, long cLast) {
        if (hLast != 0) {
            backend.copy(hLast, h(count), units());
        }
        if (cLast != 0) {
            backend.copy(cLast, c(count), units());
        }
    }

    private void initialize(long slot, long initial) {
        if (initial == 0) {
            backend.zero(slot, units());
        } else {
            backend.copy(slot, initial, units());
        }
    }

    private void orderInput() {
        if (indices) {
            launch(Kernel.INDICES_TO_STEPS)
                    .pointer(source)
                    .pointer(whole.lengths())
                    .flag(reverse)
                    .integer(count)
                    .integer(whole.batch())
                    .integer(inputs)
                    .pointer(x)
                    .linear(rows());
            launch(Kernel.TRANSPOSE)
                    .pointer(w(0))
                    .integer(spec.gateRows())
                    .integer(inputs)
                    .pointer(whole.transposedWeights())
                    .grid((inputs + 31L) / 32, Math.min(65535, (spec.gateRows() + 31L) / 32), 1, 32, 8);
        } else if (x != source) {
            launch(Kernel.ROWS_TO_STEPS)
                    .pointer(source)
                    .integer(inputs)
                    .pointer(whole.lengths())
                    .flag(reverse)
                    .integer(count)
                    .integer(whole.batch())
                    .integer(inputs)
                    .pointer(x)
                    .linear((long) rows() * inputs);
        }
    }

    private void addInput(Group group) {
        long to = b.gates.at((long) group.block() * hidden);
        int width = group.count() * hidden;
        if (!indices) {
            backend.products().nt(x(), inputs, w(group.gate()), inputs, to, gateRow(), rows(), width, inputs, true);
            return;
        }
        launch(Kernel.GATHER_ROWS)
                .pointer(whole.transposedWeights() + 4L * group.gate() * hidden)
                .integer(spec.gateRows())
                .integer(inputs)
                .pointer(x())
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
                .pointer(b.h.at(units()))
                .pointer(whole.lengths())
                .flag(reverse)
                .integer(whole.steps())
                .integer(whole.batch())
                .integer(hidden)
                .pointer(y + 4L * d * hidden)
                .integer(spec.outputSize())
                .flag(false)
                .linear(whole.steps() * units());
    }

    /**
     * All steps, backwards. The gradients by the final states are in dh and dc, and those by the initial ones afterwards.
     *
     * @param dyAddress {@code [T,N,D*H]}; 0 for zero
     * @param dhAtLast what dh is at first; 0 for zero
     */
    void backward(long dyAddress, long dhAtLast) {
        windowsBefore = 0;
        count = whole.steps();
        dy = dyAddress == 0 ? 0 : dyAddress + 4L * d * hidden;
        dhLast = dhAtLast;
        backwardForm.launch(this);
    }

    /**
     * The gradient by the input, after {@link #backward}.
     *
     * @param dx {@code [T,N,I]} in the order of time, 0 past the lengths
     * @param steps room for the same in the order of the steps
     */
    void inputGradient(long dx, long steps) {
        boolean direct = !reverse && !whole.hasLengths();
        boolean accumulate = direct && d > 0;
        for (Group group : cell.input()) {
            backend.products()
                    .nn(
                            b.gates.at((long) group.block() * hidden),
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
                    .integer(count)
                    .integer(whole.batch())
                    .integer(inputs)
                    .pointer(dx)
                    .integer(inputs)
                    .flag(d > 0)
                    .linear((long) rows() * inputs);
        }
    }
}
