package dev.rondo;

import dev.rondo.internal.Arguments;
import dev.rondo.spi.BackendKernels;
import dev.rondo.spi.BackendProvider;
import java.util.Arrays;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.ServiceLoader;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Where networks run: memory and kernels. Backends are found by {@link ServiceLoader}, through the class loader of this library
 * and the context class loader of the thread, or handed over ({@link #of}).
 *
 * <pre>{@code
 * try (Backend backend = Backend.best()) {
 *     Rnn rnn = backend.rnn(spec, 35, 32, Purpose.INFERENCE);
 * }
 * }</pre>
 *
 * <p>Any number of threads share a backend. An {@link Rnn}, a {@link dev.rondo.train.TruncatedBptt}, an optimizer that it made
 * is used by one thread at a time. Weights that nobody writes may be read by many.
 *
 * <p>A backend owns what it made: when it is closed, its tensors, states and networks are closed too, and using them is an
 * {@link IllegalStateException}. A {@link #scope()} frees a part earlier.
 */
public final class Backend implements AutoCloseable {
    private final String name;
    private final BackendKernels kernels;

    /** Null for a backend, not null for a scope of one. */
    private final @Nullable Backend whole;

    /** What a scope has made; unused without one. */
    private final Set<AutoCloseable> made = new LinkedHashSet<>();

    private volatile boolean closed;

    private Backend(String name, BackendKernels kernels, @Nullable Backend whole) {
        this.name = name;
        this.kernels = kernels;
        this.whole = whole;
    }

    /**
     * Every backend that is found, and for each one that cannot be used the reason.
     *
     * @return highest priority first
     */
    public static List<BackendAvailability> available() {
        return Providers.found().stream()
                .map(found -> new BackendAvailability(found.name(), found.priority(), found.unavailable()))
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
        return Providers.best(options, null);
    }

    /**
     * The best backend that can compute a network here, with default settings.
     *
     * @param spec the network
     * @return an open backend
     * @throws BackendException if there is none
     */
    public static Backend best(RnnSpec spec) {
        return best(spec, BackendOptions.defaults());
    }

    /**
     * The best backend that can compute a network here. Why better ones were passed over is logged, once per JVM.
     *
     * @param spec the network
     * @param options settings
     * @return an open backend
     * @throws BackendException if there is none
     */
    public static Backend best(RnnSpec spec, BackendOptions options) {
        Arguments.notNull("spec", spec);
        Arguments.notNull("options", options);
        return Providers.best(options, spec);
    }

    /**
     * The backend of a name, with default settings.
     *
     * @param name such as {@code reference}, {@code cpu}, {@code cuda}
     * @return an open backend
     * @throws BackendException if it is not found or cannot be used; it is never replaced by another
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
     * @throws BackendException if it is not found or cannot be used; it is never replaced by another
     */
    public static Backend named(String name, BackendOptions options) {
        Arguments.notNull("name", name);
        Arguments.notNull("options", options);
        return Providers.named(name, options);
    }

    /**
     * The backend of a provider that is at hand, where no service has to be found.
     *
     * @param provider announces the backend
     * @param options settings
     * @return an open backend
     * @throws BackendException if it cannot be used
     */
    public static Backend of(BackendProvider provider, BackendOptions options) {
        Arguments.notNull("provider", provider);
        Arguments.notNull("options", options);
        return new Providers.Found(provider).open(options);
    }

    /** An open backend of a provider. */
    static Backend opened(String name, BackendKernels kernels) {
        return new Backend(name, kernels, null);
    }

    /**
     * A part of this backend: the same memory and kernels, but closing it closes only what it made. So memory of a request or an
     * epoch is given back in one place.
     *
     * <pre>{@code
     * try (Backend scope = backend.scope()) {
     *     Tensor x = scope.tensor(35, 32, 28);
     * }
     * }</pre>
     *
     * @return a scope, which ends with this backend at the latest
     * @throws IllegalStateException if this is closed
     */
    public Backend scope() {
        return own(new Backend(name, kernels(), this));
    }

    /** Remembers what a scope has made. */
    private <T extends AutoCloseable> T own(T thing) {
        if (whole == null) {
            return thing;
        }
        synchronized (made) {
            if (!closed) {
                made.add(thing);
                return thing;
            }
        }
        // closed by another thread meanwhile
        try {
            thing.close();
        } catch (Exception e) {
            throw new BackendException("scope: " + e.getMessage(), e);
        }
        throw new IllegalStateException("scope of backend " + name + " is closed");
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
        return Tensor.over(own(kernels().allocate(countable(shape))), shape);
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
        return IntTensor.over(own(kernels().allocateInts(countable(shape))), shape);
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
        if (Arguments.notNull("layout", layout).size() == 0) {
            throw new IllegalArgumentException("layout: expected at least one tensor, got none");
        }
        return new Parameters(layout, tensor(layout.size()));
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
        return new RnnParameters(spec, tensor(spec.layout().size()));
    }

    /**
     * A state of zero.
     *
     * @param spec the network
     * @param batch N, the number of rows
     * @return the state {@code [L*D,N,H]}, and with a cell state {@code [L*D,N,C]}
     * @throws IllegalArgumentException if {@code batch} is below 1, or the state has more than 2^31 - 9 elements
     * @throws BackendException if there is not enough memory
     */
    public RnnState state(RnnSpec spec, int batch) {
        Arguments.notNull("spec", spec);
        Arguments.positive("batch", batch);
        Tensor h = tensor(spec.stateCount(), batch, spec.hiddenStateSize());
        try {
            int width = spec.cellStateSize();
            return new RnnState(h, width > 0 ? tensor(spec.stateCount(), batch, width) : null);
        } catch (RuntimeException | Error e) {
            h.close();
            throw e;
        }
    }

    /**
     * Whether networks of a description can be computed here.
     *
     * @param spec the network
     * @return what this backend does not have; empty if it can compute them
     * @throws IllegalStateException if this is closed
     */
    public Optional<String> unsupported(RnnSpec spec) {
        return kernels().unsupported(Arguments.notNull("spec", spec));
    }

    /**
     * Brings the kernels to full speed, and returns when they are. A JVM compiles what runs often, so the first calls of a
     * backend that runs in it are slower; a service that calls this before its first request does not show that to anybody. A
     * second call returns at once.
     *
     * @throws IllegalStateException if this is closed
     */
    public void warmUp() {
        kernels().warmUp();
    }

    /**
     * A recurrent network with its scratch.
     *
     * @param spec the network
     * @param maxSteps largest T of a call
     * @param maxBatch largest N of a call
     * @param purpose {@link Purpose#TRAINING} for training passes too; with {@link Purpose#INFERENCE} it takes no memory for them
     * @return the network
     * @throws IllegalArgumentException if a size is below 1, or the activations of a layer, {@code (T+1)*N*G*H} or
     *     {@code T*N*max(I,D*H)}, exceed 2^31 - 9
     * @throws BackendException if this backend cannot compute it (see {@link #unsupported}), or there is not enough memory
     */
    public Rnn rnn(RnnSpec spec, int maxSteps, int maxBatch, Purpose purpose) {
        Arguments.notNull("spec", spec);
        Arguments.positive("maxSteps", maxSteps);
        Arguments.positive("maxBatch", maxBatch);
        Arguments.notNull("purpose", purpose);
        double gates = (maxSteps + 1.0) * maxBatch * spec.gateRows();
        double inputs = (double) maxSteps * maxBatch * Math.max(spec.inputSize(), spec.outputSize());
        if (Math.max(gates, inputs) > Integer.MAX_VALUE - 8) {
            throw new IllegalArgumentException(String.format(
                    "maxSteps %d with maxBatch %d: expected at most %d activations per layer, got %.4g",
                    maxSteps, maxBatch, Integer.MAX_VALUE - 8, Math.max(gates, inputs)));
        }
        Optional<String> missing = unsupported(spec);
        if (missing.isPresent()) {
            throw new BackendException("spec: " + missing.get());
        }
        return own(new Rnn(this, spec, maxSteps, maxBatch, purpose, kernels().rnn(spec, maxSteps, maxBatch, purpose)));
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
     * Layer normalisation.
     *
     * @param size K, the size of a row
     * @return the layer, without weights of its own
     */
    public LayerNorm layerNorm(int size) {
        return new LayerNorm(this, size);
    }

    /**
     * The kernels; for the classes of this library.
     *
     * @return the open backend
     * @throws IllegalStateException if this is closed
     */
    public BackendKernels kernels() {
        if (closed) {
            throw new IllegalStateException((whole == null ? "backend " : "scope of backend ") + name + " is closed");
        }
        return whole == null ? kernels : whole.kernels();
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
     * Ends the backend: its threads, what it holds of a device, and everything that it made. A call of another thread that is in
     * progress ends with its result or an {@link IllegalStateException}. A scope ends what itself has made. A second call does
     * nothing.
     *
     * @throws BackendException if a device fails while its memory is given back
     */
    @Override
    public void close() {
        closed = true;
        if (whole == null) {
            kernels.close();
            return;
        }
        List<AutoCloseable> all;
        synchronized (made) {
            all = List.copyOf(made);
            made.clear();
        }
        synchronized (whole.made) {
            whole.made.remove(this);
        }
        BackendException failure = null;
        for (int i = all.size() - 1; i >= 0; i--) {
            try {
                all.get(i).close();
            } catch (Exception e) {
                failure = failure != null ? failure : new BackendException("scope: " + e.getMessage(), e);
            }
        }
        if (failure != null) {
            throw failure;
        }
    }
}
