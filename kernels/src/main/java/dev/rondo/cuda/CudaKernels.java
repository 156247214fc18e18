package dev.rondo.cuda;

import dev.rondo.BackendException;
import dev.rondo.BackendOptions;
import dev.rondo.IntTensor;
import dev.rondo.Precision;
import dev.rondo.Purpose;
import dev.rondo.RnnOption;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
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
import java.util.Optional;
import java.util.Set;
import jcuda.driver.JCudaDriver;
import org.jspecify.annotations.Nullable;

/** The open backend {@code cuda}: a device with its memory and its kernels. */
final class CudaKernels implements BackendKernels {
    private static final Supported SUPPORTED = new Supported("cuda", CudaCells.all(), Set.of(RnnOption.DROPOUT));

    private final CudaProbe.Device device;
    private final Precision precision;
    private final CudaContext context;
    private final DeviceMemory memory;
    private final Staging staging;
    private final Launcher launcher;
    private final ProductsChoice.Outcome choice;
    private final Products products;
    private final Plans plans;
    private final RowCopies rowCopies;
    private final LayerKernels layers;
    private final LossKernels losses;
    private final OptimizerKernels optimizers;
    private final ElementKernels elements;
    private final SequenceKernels sequences;
    private final DistributionKernels distributions;

    CudaKernels(CudaProbe.Device device, BackendOptions options) {
        this.device = device;
        this.precision = options.precision();
        if (!device.precisions().contains(precision)) {
            throw new BackendException("precision " + precision
                    + ": expected a device of compute capability 8.0 or newer, or precision FP32, got " + device);
        }
        this.context = new CudaContext(options.device());
        try {
            context.enter();
            try {
                memory = new DeviceMemory(context);
                staging = new Staging(context);
                launcher = new Launcher(context);
                choice = ProductsChoice.ofProperty().open(context, memory, device, precision);
                products = new Products(context, launcher, precision, choice.cublas());
                CudaContext.flag(Graphs.PROPERTY, true);
                plans = new Plans(DeviceLimits.of(context.device(), device), launcher, precision);
                rowCopies = new RowCopies(this);
                layers = new CudaLayers(this);
                losses = new CudaLosses(this);
                optimizers = new CudaOptimizers(this);
                elements = new CudaElements(this);
                sequences = new CudaSequences(this);
                distributions = new CudaDistributions(this);
            } finally {
                context.exit();
            }
        } catch (RuntimeException | Error e) {
            context.close();
            throw e;
        }
    }

    CudaContext context() {
        return context;
    }

    DeviceMemory memory() {
        return memory;
    }

    Staging staging() {
        return staging;
    }

    Launcher launcher() {
        return launcher;
    }

    Products products() {
        return products;
    }

    RowCopies rowCopies() {
        return rowCopies;
    }

    Plans plans() {
        return plans;
    }

    /** The address of the first element of a tensor of this backend. */
    long address(Tensor tensor) {
        return ((DeviceStorage) tensor.storage()).at(tensor.offset());
    }

    /** The same; 0 for null. */
    long addressOrNull(@Nullable Tensor tensor) {
        return tensor == null ? 0 : address(tensor);
    }

    /** The address of the first element of a tensor of this backend. */
    long address(IntTensor tensor) {
        return ((DeviceIntStorage) tensor.storage()).at(tensor.offset());
    }

    /** The same; 0 for null. */
    long addressOrNull(@Nullable IntTensor tensor) {
        return tensor == null ? 0 : address(tensor);
    }

    /** The address of integers that a kernel writes; between enter and exit of the context. */
    long writtenAddress(IntTensor tensor) {
        DeviceIntStorage storage = (DeviceIntStorage) tensor.storage();
        storage.written(tensor.offset(), tensor.size());
        return storage.at(tensor.offset());
    }

    /** Copies elements of 4 bytes on the device; between enter and exit of the context. */
    void copy(long to, long from, long count) {
        context.check(
                JCudaDriver.cuMemcpyDtoDAsync(
                        DevicePointer.to(to), DevicePointer.to(from), 4 * count, context.stream()),
                "cuMemcpyDtoDAsync of " + count + " elements");
    }

    /** Makes elements of 4 bytes zero; between enter and exit of the context. */
    void zero(long to, long count) {
        context.check(
                JCudaDriver.cuMemsetD32Async(DevicePointer.to(to), 0, count, context.stream()),
                "cuMemsetD32Async of " + count + " elements");
    }

    @Override
    public String description() {
        return "float32" + (precision == Precision.FP32 ? "" : " with products in " + precision) + ", " + device + ", "
                + choice + ", " + plans.description();
    }

    @Override
    public Storage allocate(long size) {
        context.enter();
        try {
            return new DeviceStorage(this, memory.allocateZeroed(4 * size, "a tensor"), size);
        } finally {
            context.exit();
        }
    }

    @Override
    public IntStorage allocateInts(long size) {
        context.enter();
        try {
            return new DeviceIntStorage(
                    this, memory.allocateZeroed(4 * size, "a tensor of integers"), Math.toIntExact(size));
        } finally {
            context.exit();
        }
    }

    @Override
    public boolean accepts(Storage storage) {
        return storage instanceof DeviceStorage own && own.backend() == this;
    }

    @Override
    public boolean accepts(IntStorage storage) {
        return storage instanceof DeviceIntStorage own && own.backend() == this;
    }

    @Override
    public Optional<String> unsupported(RnnSpec spec) {
        return SUPPORTED.missing(spec);
    }

    @Override
    public RnnKernel rnn(RnnSpec spec, int maxSteps, int maxBatch, Purpose purpose) {
        return new CudaRnn(this, spec, maxSteps, maxBatch, purpose);
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
        context.close();
    }
}
