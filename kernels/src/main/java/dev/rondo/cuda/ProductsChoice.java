package dev.rondo.cuda;

import dev.rondo.BackendException;
import dev.rondo.Precision;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Who computes large matrix products; small ones are always computed by own kernels. */
enum ProductsChoice {
    /** Own kernels. */
    OWN,
    /** cuBLAS; where it cannot be used no backend is opened. */
    CUBLAS,
    /** cuBLAS where it can be used and the device is a real one, own kernels otherwise. */
    AUTO;

    /** The system property with the choice, in lower case. */
    static final String PROPERTY = "rondo.cuda.products";

    /**
     * The choice of the system property.
     *
     * @throws BackendException if it names none
     */
    static ProductsChoice ofProperty() {
        String name = System.getProperty(PROPERTY, "auto");
        for (ProductsChoice choice : values()) {
            if (choice.text().equals(name)) {
                return choice;
            }
        }
        throw new BackendException(PROPERTY + ": expected own, cublas or auto, got " + name);
    }

    /** The value of the property. */
    String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    /** Why cuBLAS is not used for a device and a precision; empty where it is, if it can be opened. */
    Optional<String> againstCublas(CudaProbe.Device device, Precision precision) {
        if (this == OWN) {
            return Optional.of("-D" + PROPERTY + "=own");
        }
        if (!Cublas.has(precision)) {
            return Optional.of("cuBLAS has no precision " + precision);
        }
        if (this == AUTO && device.emulated()) {
            return Optional.of("an emulated device; -D" + PROPERTY + "=cublas takes it all the same");
        }
        return CublasLibrary.get().absent();
    }

    /**
     * What came of the choice.
     *
     * @param cublas cuBLAS, or null for own kernels
     * @param reason why it is not cuBLAS; empty if it is
     */
    record Outcome(@Nullable Cublas cublas, String reason) {
        @Override
        public String toString() {
            return cublas == null
                    ? "own products (not by cuBLAS: " + reason + ")"
                    : "products by cuBLAS " + cublas.version();
        }
    }

    /**
     * Opens cuBLAS where it is chosen; between enter and exit of the context.
     *
     * @throws BackendException if cuBLAS is asked for and cannot be used
     */
    Outcome open(CudaContext context, DeviceMemory memory, CudaProbe.Device device, Precision precision) {
        String reason = againstCublas(device, precision).orElse(null);
        if (reason == null) {
            try {
                return new Outcome(new Cublas(context, memory, precision), "");
            } catch (BackendException e) {
                if (e instanceof CudaException cuda && cuda.isFatal()) {
                    throw e;
                }
                reason = String.valueOf(e.getMessage());
            }
        }
        if (this == CUBLAS) {
            throw new BackendException("products by cuBLAS were asked for, which cannot be used: " + reason);
        }
        return new Outcome(null, reason);
    }
}
