package dev.rondo.bench.cudnn;

import jcuda.driver.CUresult;
import jcuda.jcudnn.JCudnn;

/** Turns what cuDNN and the driver return into exceptions. */
final class CudnnStatus {
    /** From cuDNN 9 on; the numbers before are others. */
    private static final int FIRST_NOT_SUPPORTED = 3000;

    private static final int LAST_NOT_SUPPORTED = 3999;

    private CudnnStatus() {}

    /** Of a call of cuDNN for a layer. */
    static void check(int status, String what, Object layer) {
        if (status != 0) {
            throw new CudnnException(
                    what + " for " + layer + ": " + JCudnn.cudnnGetErrorString(status) + " (" + status + ")",
                    status >= FIRST_NOT_SUPPORTED && status <= LAST_NOT_SUPPORTED);
        }
    }

    /** Of a call of the driver for a layer. */
    static void checkDriver(int status, String what, Object layer) {
        if (status != CUresult.CUDA_SUCCESS) {
            throw new CudnnException(
                    what + " for " + layer + ": " + CUresult.stringFor(status) + " (" + status + ")", false);
        }
    }
}
