package dev.rondo;

import dev.rondo.internal.Arguments;
import dev.rondo.spi.BackendKernels;
import dev.rondo.spi.BackendProvider;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.ServiceConfigurationError;
import java.util.ServiceLoader;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;

/**
 * Where networks run: memory and kernels. Backends are found on the class path by {@link ServiceLoader}.
 *
 * <pre>{@code
 * try (Backend backend = Backend.best()) {
 *     Rnn rnn = backend.rnn(spec, 35, 32);
 * }
 * }</pre>
 *
 * <p>Threads may share a backend. What it makes is used by one thread at a time: an {@link Rnn}, a
 * {@link dev.rondo.train.TruncatedBptt}, an optimizer. Weights that nobody writes may be read by many.
 */
public final class Backend implements AutoCloseable {
    private static final System.Logger LOG = System.getLogger("dev.rondo");
    private static final Set<String> SAID = ConcurrentHashMap.newKeySet();

    private final String name;
    private final BackendKernels kernels;
    private volatile boolean closed;

    private Backend(BackendProvider provider, BackendOptions options) {
        this.name = provider.name();
        this.kernels = provider.open(options);
    }

    /**
     * Every backend on the class path, and for each one that cannot be used the reason.
     *
     * @return highest priority first
     */
    public static List<BackendAvailability> available() {
        return providers().stream()
                .map(provider -> new BackendAvailability(provider.name(), provider.priority(), provider.unavailable()))
                .toList();
    }

    /**
     * The best backend that can be used here, with default settings.
     *
     * @return an open backend
     * @throws BackendException if there is none
     */
    public static Backend best() {
        return best(BackendOptions.defaults());
    }

    /**
     * The best backend that can be used here. Why better ones were passed over is logged, once per JVM.
     *
     * @param options settings
     * @return an open backend
     * @throws BackendException if there is none
     */
    public static Backend best(BackendOptions options) {
        Arguments.notNull("options", options);
        List<String> reasons = new ArrayList<>();
        for (BackendProvider provider : providers()) {
            if (provider.priority() < 0) {
                continue;
            }
            Optional<String> reason = unavailable(provider);
            if (reason.isEmpty()) {
                try {
                    return new Backend(provider, options);
                } catch (BackendException e) {
                    reason = Optional.of(String.valueOf(e.getMessage()));
                }
            }
            String text = provider.name() + ": " + reason.get();
            reasons.add(text);
            sayOnce("backend passed over: " + text);
        }
        throw new BackendException(
                reasons.isEmpty()
                        ? "no backend on the class path: add rondo-cpu"
                        : "no backend can be used here: " + String.join("; ", reasons));
    }

    /**
     * The backend of a name, with default settings.
     *
     * @param name such as {@code reference}, {@code cpu}, {@code cuda}
     * @return an open backend
     * @throws BackendException if it is not on the class path or cannot be used; it is never replaced by another
     */
    public static Backend named(String name) {
        return named(name, BackendOptions.defaults());
    }

    /**
     * The backend of a name.
     *
     * @param name such as {@code reference}, {@code cpu}, {@code cuda}
     * @param options settings
     * @return an open backend
     * @throws BackendException if it is not on the class path or cannot be used; it is never replaced by another
     */
    public static Backend named(String name, BackendOptions options) {
        Arguments.notNull("name", name);
        Arguments.notNull("options", options);
        List<BackendProvider> providers = providers();
        for (BackendProvider provider : providers) {
            if (provider.name().equals(name)) {
                Optional<String> reason = unavailable(provider);
                if (reason.isPresent()) {
                    throw new BackendException("backend " + name + " cannot be used here: " + reason.get());
                }
                return new Backend(provider, options);
            }
        }
        throw new BackendException("backend: expected one of "
                + providers.stream().map(BackendProvider::name).toList() + ", got " + name);
    }

    /** Why a provider cannot be used; one that throws, against its contract, cannot. */
    private static Optional<String> unavailable(BackendProvider provider) {
        try {
            return provider.unavailable();
        } catch (RuntimeException | LinkageError e) {
            return Optional.of("its provider failed: " + e);
        }
    }

    /** The providers that can be made; one that cannot is told of once and left out. */
    private static List<BackendProvider> providers() {
        List<BackendProvider> providers = new ArrayList<>();
        Iterator<BackendProvider> services = ServiceLoader.load(BackendProvider.class, Backend.class.getClassLoader())
                .iterator();
        while (true) {
            try {
                if (!services.hasNext()) {
                    break;
                }
                providers.add(services.next());
            } catch (ServiceConfigurationError | LinkageError e) {
                sayOnce("backend left out: " + e);
            }
        }
        providers.sort(Comparator.comparingInt(BackendProvider::priority).reversed());
        return providers;
    }

    private static void sayOnce(String text) {
        if (SAID.add(text)) {
            LOG.log(System.Logger.Level.INFO, text);
        }
    }

    /**
     * The name of this backend.
     *
     * @return such as {@code reference}
     */
    public String name() {
        return name;
    }

    /**
     * One line for people about what computes here.
     *
     * @return device, precision and threads
     */
    public String description() {
        return kernels.description();
    }

    /**
     * A tensor of zeros in this backend's memory.
     *
     * @param shape sizes, each at least 1
     * @return the tensor, owned by the caller
     * @throws IllegalArgumentException if a size is below 1 or there are more than 2^31 - 9 elements
     * @throws BackendException if there is not enough memory
     */
    public Tensor tensor(int... shape) {
        return Tensor.over(kernels().allocate(countable(shape)), shape);
    }

    /**
     * A tensor of integers, all zero, in this backend's memory.
     *
     * @param shape sizes, each at least 1
     * @return the tensor, owned by the caller
     * @throws IllegalArgumentException if a size is below 1 or there are more than 2^31 - 9 elements
     * @throws BackendException if there is not enough memory
     */
    public IntTensor intTensor(int... shape) {
        return IntTensor.over(kernels().allocateInts(countable(shape)), shape);
    }

    private static long countable(int... shape) {
        long size = Arguments.size("shape", shape);
        if (size > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException("shape: expected at most " + (Integer.MAX_VALUE - 8) + " elements, got "
                    + Arrays.toString(shape) + " = " + size);
        }
        return size;
    }

    /**
     * Weights of zero for a layout, or room for their gradients.
     *
     * @param layout names and shapes, at least one
     * @return the weights, owned by the caller
     * @throws IllegalArgumentException if the layout is empty
     * @throws BackendException if there is not enough memory
     */
    public Parameters parameters(ParameterLayout layout) {
        Arguments.notNull("layout", layout);
        return new Parameters(layout, tensor(Math.toIntExact(layout.size())));
    }

    /**
     * Weights of zero for a network, or room for their gradients. See {@link dev.rondo.train.Initializers}.
     *
     * @param spec the network
     * @return the weights, owned by the caller
     * @throws BackendException if there is not enough memory
     */
    public RnnParameters parameters(RnnSpec spec) {
        Arguments.notNull("spec", spec);
        return new RnnParameters(spec, tensor(Math.toIntExact(spec.layout().size())));
    }

    /**
     * A state of zero.
     *
     * @param spec the network
     * @param batch N, the number of rows
     * @return the state {@code [L*D,N,H]}, owned by the caller
     * @throws IllegalArgumentException if {@code batch} is below 1, or the state has more than 2^31 - 9 elements
     * @throws BackendException if there is not enough memory
     */
    public RnnState state(RnnSpec spec, int batch) {
        Arguments.notNull("spec", spec);
        Arguments.positive("batch", batch);
        Tensor h = tensor(spec.stateCount(), batch, spec.hiddenSize());
        try {
            return new RnnState(
                    h, spec.cell().hasCellState() ? tensor(spec.stateCount(), batch, spec.hiddenSize()) : null);
        } catch (RuntimeException | Error e) {
            h.close();
            throw e;
        }
    }

    /**
     * A recurrent network with its scratch.
     *
     * @param spec the network
     * @param maxSteps largest T of a call
     * @param maxBatch largest N of a call
     * @return the network, owned by the caller
     * @throws IllegalArgumentException if a size is below 1, or the activations of a layer, {@code (T+1)*N*G*H} or
     *     {@code T*N*max(I,D*H)}, exceed 2^31 - 9
     * @throws BackendException if there is not enough memory
     */
    public Rnn rnn(RnnSpec spec, int maxSteps, int maxBatch) {
        Arguments.notNull("spec", spec);
        Arguments.positive("maxSteps", maxSteps);
        Arguments.positive("maxBatch", maxBatch);
        double gates = (maxSteps + 1.0) * maxBatch * spec.gateRows();
        double inputs = (double) maxSteps * maxBatch * Math.max(spec.inputSize(), spec.outputSize());
        if (Math.max(gates, inputs) > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(String.format(
                    "maxSteps %d with maxBatch %d: expected at most %d activations per layer, got %.4g",
                    maxSteps, maxBatch, Integer.MAX_VALUE - 8, Math.max(gates, inputs)));
        }
        return new Rnn(this, spec, maxSteps, maxBatch, kernels().rnn(spec, maxSteps, maxBatch));
    }

    /**
     * A linear layer.
     *
     * @param inputSize I
     * @param outputSize O
     * @return the layer, without weights of its own
     */
    public Linear linear(int inputSize, int outputSize) {
        return new Linear(this, inputSize, outputSize);
    }

    /**
     * An embedding.
     *
     * @param vocabularySize V
     * @param embeddingSize E
     * @return the layer, without weights of its own
     */
    public Embedding embedding(int vocabularySize, int embeddingSize) {
        return new Embedding(this, vocabularySize, embeddingSize);
    }

    /**
     * The kernels; for the classes of this library.
     *
     * @return the open backend
     * @throws IllegalStateException if this is closed
     */
    public BackendKernels kernels() {
        if (closed) {
            throw new IllegalStateException("backend " + name + " is closed");
        }
        return kernels;
    }

    /**
     * Checks that this backend's kernels can work on a tensor.
     *
     * @param argument name of the argument, for the error
     * @param tensor the argument
     * @throws IllegalArgumentException if they cannot
     */
    public void requireAccepted(String argument, Tensor tensor) {
        if (!kernels().accepts(tensor.storage())) {
            throw foreign(argument, tensor.storage());
        }
    }

    /**
     * Checks that this backend's kernels can work on a tensor of integers.
     *
     * @param argument name of the argument, for the error
     * @param tensor the argument
     * @throws IllegalArgumentException if they cannot
     */
    public void requireAccepted(String argument, IntTensor tensor) {
        if (!kernels().accepts(tensor.storage())) {
            throw foreign(argument, tensor.storage());
        }
    }

    private IllegalArgumentException foreign(String argument, Object storage) {
        return new IllegalArgumentException(argument + ": expected memory that backend " + name + " can use, got "
                + storage.getClass().getSimpleName() + " of another one");
    }

    /**
     * Ends the backend: its threads, and what it holds of a device. Close what it made before; what is still open cannot be
     * used for computing any more. A second call does nothing.
     */
    @Override
    public void close() {
        closed = true;
        kernels.close();
    }
}
