import static jcuda.driver.JCudaDriver.*;

import dev.rondo.emulator.Emulator;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import jcuda.CudaException;
import jcuda.Pointer;
import jcuda.driver.CUcontext;
import jcuda.driver.CUdevice;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUdeviceptr;
import jcuda.driver.CUfunction;
import jcuda.driver.CUgraph;
import jcuda.driver.CUgraphExec;
import jcuda.driver.CUmodule;
import jcuda.driver.CUresult;
import jcuda.driver.CUstream;
import jcuda.driver.CUstreamCaptureMode;
import jcuda.driver.CUstream_flags;
import jcuda.driver.JCudaDriver;
import jcuda.jcublas.JCublas2;
import jcuda.jcublas.cublasHandle;
import jcuda.runtime.cudaStream_t;

/** JCuda's natives on the emulator: usage {@code SmokeTest FOLDER}, where FOLDER is what build.sh made. */
public final class SmokeTest {

    private static CUmodule module;
    private static CUstream stream;
    private static int checks;

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[0]);
        Emulator.load(folder);
        JCudaDriver.setExceptionsEnabled(true);
        cuInit(0);
        CUdevice device = new CUdevice();
        cuDeviceGet(device, 0);
        CUcontext context = new CUcontext();
        cuDevicePrimaryCtxRetain(context, device);
        cuCtxSetCurrent(context);
        module = new CUmodule();
        // The driver reads PTX up to a zero, and JCuda adds none to an array.
        byte[] image = Files.readAllBytes(folder.resolve("kernels/right.ptx"));
        cuModuleLoadData(module, Arrays.copyOf(image, image.length + 1));
        stream = new CUstream();
        cuStreamCreate(stream, CUstream_flags.CU_STREAM_NON_BLOCKING);
        device(device);
        for (String order : new String[] {"fwd", "rev", "rand:7"}) {
            Emulator.order(order);
            kernels();
        }
        for (String mode : new String[] {"eager", "lazy", "others"}) {
            Emulator.streams(mode);
            graph();
            cublas();
        }
        Emulator.reset();
        injection();
        leaks();
        fault();
        cuStreamDestroy(stream);
        cuModuleUnload(module);
        cuDevicePrimaryCtxRelease(device);
        check(Emulator.live("leakedAtRelease") == 0, "nothing leaked");
        System.out.println("SmokeTest: " + checks + " checks on Java " + System.getProperty("java.version"));
    }

    private static void device(CUdevice device) {
        byte[] name = new byte[64];
        cuDeviceGetName(name, name.length, device);
        String text = new String(name, StandardCharsets.US_ASCII); // anything may stand behind the terminating zero
        check(text.startsWith("Rondo emulator (no GPU)\0"), "name of the device");
        int[] major = new int[1];
        cuDeviceGetAttribute(major, CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, device);
        check(major[0] == 9, "compute capability");
    }

    private static void kernels() {
        float[] x = {1, 2, 3, 4, 5}, y = {10, 20, 30, 40, 50};
        CUdeviceptr dx = upload(x), dy = upload(y);
        cuLaunchKernel(function("axpy"), 2, 1, 1, 32, 1, 1, 0, stream,
                arguments(new float[] {2}, dx, dy, new int[] {5}), null);
        cuStreamSynchronize(stream);
        check(Arrays.equals(download(dy, 5), new float[] {12, 24, 36, 48, 60}), "axpy");
        check(Emulator.launch(0).equals("axpy grid=(2,1,1) block=(32,1,1) shared=0 cooperative=0"), "recorded launch");
        float[] ring = {1, 2, 3, 4, 5, 6, 7, 8};
        CUdeviceptr a = upload(ring), b = upload(new float[8]);
        cuLaunchCooperativeKernel(function("ring"), 4, 1, 1, 32, 1, 1, 0, stream,
                arguments(a, b, new int[] {8}, new int[] {1}));
        cuStreamSynchronize(stream);
        check(Arrays.equals(download(b, 8), new float[] {5, 2, 3, 4, 5, 6, 7, 4}), "cooperative ring");
        free(dx, dy, a, b);
    }

    private static void graph() {
        CUdeviceptr x = upload(new float[] {1, 10});
        cuCtxSynchronize();
        CUgraph graph = new CUgraph();
        CUgraphExec executable = new CUgraphExec();
        cuStreamBeginCapture(stream, CUstreamCaptureMode.CU_STREAM_CAPTURE_MODE_THREAD_LOCAL);
        cuLaunchKernel(function("scale_by_2"), 1, 1, 1, 2, 1, 1, 0, stream, arguments(x), null);
        cuLaunchKernel(function("scale_by_3"), 1, 1, 1, 2, 1, 1, 0, stream, arguments(x), null);
        cuStreamEndCapture(stream, graph);
        cuGraphInstantiate(executable, graph, 0L);
        check(download(x, 2)[0] == 1, "nothing runs in a capture");
        cuGraphUpload(executable, stream);
        cuGraphLaunch(executable, stream);
        cuGraphLaunch(executable, stream);
        cuStreamSynchronize(stream);
        check(Arrays.equals(download(x, 2), new float[] {36, 360}), "graph replay");
        cuGraphExecDestroy(executable);
        cuGraphDestroy(graph);
        free(x);
    }

    // Row-major C = A B is column-major C^T = B^T A^T.
    private static void cublas() {
        cublasHandle handle = new cublasHandle();
        JCublas2.setExceptionsEnabled(true);
        JCublas2.cublasCreate(handle);
        JCublas2.cublasSetStream(handle, new cudaStream_t(stream));
        CUdeviceptr a = upload(new float[] {1, 2, 3, 4}), b = upload(new float[] {5, 6, 7, 8});
        CUdeviceptr c = upload(new float[4]);
        cuCtxSynchronize();
        JCublas2.cublasSgemm(handle, 0, 0, 2, 2, 2, Pointer.to(new float[] {1}), b, 2, a, 2,
                Pointer.to(new float[] {0}), c, 2);
        cuStreamSynchronize(stream);
        check(Arrays.equals(download(c, 4), new float[] {19, 22, 43, 50}), "sgemm");
        JCublas2.cublasGemmEx_new(handle, 0, 1, 2, 2, 2, Pointer.to(new float[] {1}), b, 0, 2, a, 0, 2,
                Pointer.to(new float[] {1}), c, 0, 2, 68, -1);
        cuStreamSynchronize(stream);
        check(Arrays.equals(download(c, 4), new float[] {45, 52, 81, 94}), "gemmEx");
        JCublas2.cublasDestroy(handle);
        free(a, b, c);
    }

    private static void injection() {
        Emulator.fail("cuMemAlloc", 2, CUresult.CUDA_ERROR_OUT_OF_MEMORY);
        CUdeviceptr first = upload(new float[1]);
        expect("CUDA_ERROR_OUT_OF_MEMORY", () -> cuMemAlloc(new CUdeviceptr(), 4));
        free(upload(new float[1]), first);
        expect("CUDA_ERROR_NOT_SUPPORTED", () -> cuProfilerStart());
        try {
            Emulator.fail("cuNoSuchFunction", 1, 2);
            check(false, "a wrong name is refused");
        } catch (IllegalArgumentException expected) {
            checks++;
        }
    }

    private static void leaks() {
        check(Emulator.allocations() == 0, "no allocation is left");
        CUdeviceptr x = upload(new float[100]);
        check(Emulator.allocations() == 1 && Emulator.bytes() == 400, "one allocation of 400 bytes");
        free(x);
        expect("CUDA_ERROR_INVALID_VALUE", () -> cuMemFree(x));
        check(Emulator.lastReport().contains("freed twice"), "freed twice");
    }

    // The JVM has its own handler for the signal; it must survive, and see its own null checks.
    private static void fault() throws Exception {
        CUdeviceptr x = upload(new float[16]);
        cuLaunchKernel(function("scale_by_2"), 1, 1, 1, 1024, 1, 1, 0, stream, arguments(x), null);
        expect("CUDA_ERROR_ILLEGAL_ADDRESS", () -> cuStreamSynchronize(stream));
        check(Emulator.lastReport().contains("illegal address"), "report of the fault");
        expect("CUDA_ERROR_ILLEGAL_ADDRESS", () -> cuCtxSynchronize());
        String nothing = arguments(x) == null ? "" : null;
        for (int i = 0; i < 20_000; i++) {
            try {
                check(nothing.length() == 0, "never here");
            } catch (NullPointerException expected) {
                continue;
            }
        }
        Emulator.reset();
        free(x);
    }

    private static CUfunction function(String name) {
        CUfunction function = new CUfunction();
        cuModuleGetFunction(function, module, name);
        return function;
    }

    private static CUdeviceptr upload(float[] values) {
        CUdeviceptr pointer = new CUdeviceptr();
        cuMemAlloc(pointer, 4L * values.length);
        cuMemcpyHtoD(pointer, Pointer.to(values), 4L * values.length);
        return pointer;
    }

    private static float[] download(CUdeviceptr pointer, int count) {
        float[] values = new float[count];
        cuMemcpyDtoH(Pointer.to(values), pointer, 4L * count);
        return values;
    }

    private static void free(CUdeviceptr... pointers) {
        for (CUdeviceptr pointer : pointers) {
            cuMemFree(pointer);
        }
    }

    private static Pointer arguments(Object... values) {
        Pointer[] pointers = new Pointer[values.length];
        for (int i = 0; i < values.length; i++) {
            if (values[i] instanceof float[]) {
                pointers[i] = Pointer.to((float[]) values[i]);
            } else if (values[i] instanceof int[]) {
                pointers[i] = Pointer.to((int[]) values[i]);
            } else {
                pointers[i] = Pointer.to((CUdeviceptr) values[i]);
            }
        }
        return Pointer.to(pointers);
    }

    private static void expect(String status, Runnable call) {
        try {
            call.run();
            check(false, status + " was expected");
        } catch (CudaException expected) {
            check(expected.getMessage().contains(status), status + " was expected, not " + expected.getMessage());
        }
    }

    private static void check(boolean condition, String what) {
        if (!condition) {
            throw new AssertionError(what + "; last report: " + Emulator.lastReport());
        }
        checks++;
    }
}
