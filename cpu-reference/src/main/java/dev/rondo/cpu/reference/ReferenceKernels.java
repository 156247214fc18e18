package dev.rondo.cpu.reference;

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

/** The open oracle. Its own memory is float64, so that nothing is rounded between two calls. */
final class ReferenceKernels implements BackendKernels {
    private static final Supported SUPPORTED =
            new Supported("reference", ReferenceCell.CELLS.keySet(), EnumSet.of(RnnOption.DROPOUT));

    private final Lifetime lifetime = new Lifetime();
    private final LayerKernels layers = new ReferenceLayers();
    private final LossKernels losses = new ReferenceLosses();
    private final OptimizerKernels optimizers = new ReferenceOptimizers();
    private final ElementKernels elements = new ReferenceElements();
    private final SequenceKernels sequences = new ReferenceSequences();
    private final DistributionKernels distributions = new ReferenceDistributions();

    @Override
    public String description() {
        return "the oracle: float64, plain loops, one thread";
    }

    @Override
    public Storage allocate(long size) {
        try {
            return new DoubleArrayStorage(new double[(int) size], lifetime);
        } catch (OutOfMemoryError e) {
            throw new BackendException("not enough memory for " + size + " elements of float64", e);
        }
    }

    @Override
    public IntStorage allocateInts(long size) {
        try {
            return new IntArrayStorage(new int[(int) size], lifetime);
        } catch (OutOfMemoryError e) {
            throw new BackendException("not enough memory for " + size + " elements of int32", e);
        }
    }

    @Override
    public boolean accepts(Storage storage) {
        return storage instanceof DoubleArrayStorage
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
        return new ReferenceRnn(spec);
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
    }
}
