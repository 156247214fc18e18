package dev.rondo.cuda;

import dev.rondo.BackendException;
import dev.rondo.Precision;
import java.util.List;
import java.util.Optional;

/**
 * What the backend works with on this machine, in words for people. Looking never throws; it loads cuBLAS if the device can be
 * used and the choice of the products asks for it.
 *
 * @param driver which CUDA the driver is for, or why there is none
 * @param device the device, or why there is none
 * @param kernels which images of the kernels there are, and which nvcc made them
 * @param cublas where cuBLAS was found, or why it is not used
 * @param products who computes large matrix products in {@link Precision#FP32}: {@code own}, {@code cublas} or {@code auto} as asked
 *     for, and what comes of it
 * @param precisions the precisions of matrix products that the device has; empty without a device
 */
public record CudaSetup(
        String driver, String device, String kernels, String cublas, String products, List<Precision> precisions) {
    /**
     * Looks at the first device.
     *
     * @return what is there
     */
    public static CudaSetup look() {
        CudaProbe probe = CudaProbe.probe();
        CudaProbe.Device device = probe.device();
        String driver = probe.driverVersion() == 0
                ? probe.detail()
                : "for CUDA " + CudaProbe.versionText(probe.driverVersion());
        if (device == null || !probe.isUsable()) {
            String none = "not looked for: the backend cannot be used";
            return new CudaSetup(
                    driver,
                    device != null ? device.toString() : probe.driverVersion() == 0 ? "none" : probe.detail(),
                    KernelImages.text(),
                    none,
                    choice(),
                    device == null ? List.of() : device.precisions());
        }
        Optional<String> against = against(device);
        return new CudaSetup(
                driver,
                device.toString(),
                KernelImages.text(),
                against.map(reason -> "not used: " + reason)
                        .orElseGet(() -> "found: " + CublasLibrary.get().source()),
                choice() + (against.isPresent() ? ": own kernels" : ": cuBLAS, and own kernels for few rows"),
                device.precisions());
    }

    private static Optional<String> against(CudaProbe.Device device) {
        try {
            return ProductsChoice.ofProperty().againstCublas(device, Precision.FP32);
        } catch (BackendException e) {
            return Optional.of(String.valueOf(e.getMessage()));
        }
    }

    private static String choice() {
        return System.getProperty(ProductsChoice.PROPERTY, ProductsChoice.AUTO.text());
    }
}
