package dev.rondo.cuda;

import java.util.Locale;
import jcuda.driver.CUresult;
import jcuda.driver.JCudaDriver;

/** The statuses of the driver API: every one is looked at. JCuda's own switch for exceptions holds for the whole JVM and stays as it is. */
final class Status {
    static final int SUCCESS = CUresult.CUDA_SUCCESS;
    static final int OUT_OF_MEMORY = CUresult.CUDA_ERROR_OUT_OF_MEMORY;
    static final int NO_DEVICE = CUresult.CUDA_ERROR_NO_DEVICE;

    private Status() {}

    /**
     * Checks a status.
     *
     * @param status what a call returned
     * @param what the call, and what it was for
     * @throws CudaException if it is not success
     */
    static void check(int status, String what) {
        if (status != SUCCESS) {
            throw exception(status, what);
        }
    }

    /** The exception for a status. */
    static CudaException exception(int status, String what) {
        String message = what + ": " + text(status);
        return new CudaException(status, isFatal(status), message);
    }

    /** Whether CUDA does not recover: the context, or the whole process, is lost. */
    static boolean isFatal(int status) {
        return switch (status) {
            case CUresult.CUDA_ERROR_DEINITIALIZED,
                    CUresult.CUDA_ERROR_ECC_UNCORRECTABLE,
                    CUresult.CUDA_ERROR_NVLINK_UNCORRECTABLE,
                    CUresult.CUDA_ERROR_ILLEGAL_ADDRESS,
                    CUresult.CUDA_ERROR_LAUNCH_TIMEOUT,
                    CUresult.CUDA_ERROR_CONTEXT_IS_DESTROYED,
                    CUresult.CUDA_ERROR_ASSERT,
                    CUresult.CUDA_ERROR_HARDWARE_STACK_ERROR,
                    CUresult.CUDA_ERROR_ILLEGAL_INSTRUCTION,
                    CUresult.CUDA_ERROR_MISALIGNED_ADDRESS,
                    CUresult.CUDA_ERROR_INVALID_ADDRESS_SPACE,
                    CUresult.CUDA_ERROR_INVALID_PC,
                    CUresult.CUDA_ERROR_LAUNCH_FAILED,
                    CUresult.CUDA_ERROR_UNKNOWN -> true;
            default -> false;
        };
    }

    /** CUDA's name and text of a status. */
    static String text(int status) {
        String[] name = new String[1];
        String[] text = new String[1];
        JCudaDriver.cuGetErrorName(status, name);
        JCudaDriver.cuGetErrorString(status, text);
        return String.format(
                Locale.ROOT,
                "%s (%d%s)",
                name[0] != null ? name[0] : "unknown status",
                status,
                text[0] != null ? ", " + text[0] : "");
    }
}
