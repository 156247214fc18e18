package dev.rondo.cpu;

import dev.rondo.BackendException;
import dev.rondo.Purpose;
import dev.rondo.RnnOption;
import dev.rondo.RnnSpec;
import dev.rondo.internal.FloatArrayStorage;
import dev.rondo.internal.FloatBufferStorage;
import dev.rondo.internal.IntArrayStorage;
import dev.rondo.internal.Lifetime;
import dev.rondo.spi.BackendKernels;
import dev.rondo.spi.DistributionKernels;
import dev.rondo.spi.ElementKernels;
import dev.rondo.spi.IntStorage;
import dev.rondo.spi.LayerKernels;
import dev.rondo.spi.LossKernels;
import dev.rondo.spi.OptimizerKernels;
import dev.rondo.spi.RnnKernel;
import dev.rondo.spi.SequenceKernels;
import dev.rondo.spi.Storage;
import dev.rondo.spi.Supported;
import java.util.EnumSet;
import java.util.Optional;

/** The open CPU backend: its inner loops and its threads. */
final class CpuKernels implements BackendKernels {
    private static final Supported SUPPORTED =
            new Supported("cpu", CpuCell.CELLS.keySet(), EnumSet.of(RnnOption.DROPOUT));

    private final Lifetime lifetime = new Lifetime();
    private final LoopsChoice.Choice choice = LoopsChoice.choose();
    private final Workers workers;
    private final PackedCache cache = new PackedCache();
    private final Spares<WeightGradients.Scratch> gradientScratch;
    private final LayerKernels layers;
    private final LossKernels losses;
    private final OptimizerKernels optimizers;
    private final ElementKernels elements;
    private final SequenceKernels sequences;
    private final DistributionKernels distributions;

    CpuKernels(int threads) {
        this(new Workers(threads));
    }

    CpuKernels(Workers workers) {
        this.workers = workers;
        InnerLoops loops = choice.loops();
        this.gradientScratch = new Spares<>(() -> new WeightGradients.Scratch(loops));
        this.layers = new CpuLayers(choice.loops(), workers, cache);
        this.losses = new CpuLosses(workers);
        this.optimizers = new CpuOptimizers(workers);
        this.elements = new CpuElements(loops, workers);
        this.sequences = new CpuSequences(loops, workers);
        this.distributions = new CpuDistributions(workers);
    }

    @Override
    public String description() {
        String note = choice.note().isEmpty() ? "" : "; " + choice.note();
        return "float32, " + choice.loops().description() + ", " + workers.count() + " thread"
                + (workers.count() == 1 ? "" : "s") + note;
    }

    @Override
    public void warmUp() {
        LoopsChoice.warmUp();
    }

    @Override
    public Storage allocate(long size) {
        return new CpuStorage(Sizes.floats("tensor", 1, 1, (int) size), lifetime, cache);
    }

    @Override
    public IntStorage allocateInts(long size) {
        try {
            return new IntArrayStorage(new int[(int) size], lifetime);
        } catch (OutOfMemoryError e) {
            throw new BackendException("tensor: not enough memory for " + size + " elements of int32", e);
        }
    }

    @Override
    public boolean accepts(Storage storage) {
        return storage instanceof CpuStorage
                || storage instanceof FloatArrayStorage
                || storage instanceof FloatBufferStorage;
    }

    @Override
    public boolean accepts(IntStorage storage) {
        return storage instanceof IntArrayStorage;
    }

    @Override
    public Optional<String> unsupported(RnnSpec spec) {
        return SUPPORTED.missing(spec);
    }

    @Override
    public RnnKernel rnn(RnnSpec spec, int maxSteps, int maxBatch, Purpose purpose) {
        return new CpuRnn(spec, choice.loops(), workers, cache, gradientScratch, maxSteps, maxBatch, purpose);
    }

    @Override
    public LayerKernels layers() {
        return layers;
    }

    @Override
    public LossKernels losses() {
        return losses;
    }

    @Override
    public OptimizerKernels optimizers() {
        return optimizers;
    }

    @Override
    public ElementKernels elements() {
        return elements;
    }

    @Override
    public SequenceKernels sequences() {
        return sequences;
    }

    @Override
    public DistributionKernels distributions() {
        return distributions;
    }

    @Override
    public void close() {
        lifetime.end();
        workers.close();
        cache.clear();
    }
}
