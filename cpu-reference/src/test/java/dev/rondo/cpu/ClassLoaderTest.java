package dev.rondo.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.File;
import java.lang.ref.WeakReference;
import java.net.MalformedURLException;
import java.net.URL;
import java.net.URLClassLoader;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** An application that is loaded anew leaves nothing of its old classes behind. */
class ClassLoaderTest {
    private static final int LOADERS = 2;

    /** Opens a backend, computes and closes; in a class loader of its own. */
    public static final class Application implements Runnable {
        private final String loops;

        /** Called by name. */
        public Application(String loops) {
            this.loops = loops;
        }

        @Override
        public void run() {
            try (dev.rondo.Backend backend = CpuContracts.open(loops, 2)) {
                dev.rondo.RnnSpec spec = dev.rondo.RnnSpec.of(dev.rondo.Cell.LSTM, 8, 16);
                try (dev.rondo.Rnn rnn = backend.rnn(spec, 4, 2, dev.rondo.Purpose.INFERENCE)) {
                    rnn.forward(backend.parameters(spec), backend.tensor(4, 2, 8), backend.tensor(4, 2, 16));
                }
            }
        }
    }

    private static URL url(String path) {
        try {
            return new File(path).toURI().toURL();
        } catch (MalformedURLException e) {
            throw new AssertionError(e);
        }
    }

    private static WeakReference<ClassLoader> openUseAndClose(String loops) throws Exception {
        List<URL> urls = new ArrayList<>();
        for (String path : System.getProperty("java.class.path").split(File.pathSeparator)) {
            urls.add(url(path));
        }
        try (URLClassLoader loader =
                new URLClassLoader(urls.toArray(new URL[0]), ClassLoader.getPlatformClassLoader())) {
            Thread thread = Thread.currentThread();
            ClassLoader before = thread.getContextClassLoader();
            thread.setContextClassLoader(loader);
            try {
                ((Runnable) loader.loadClass(Application.class.getName())
                                .getConstructor(String.class)
                                .newInstance(loops))
                        .run();
            } finally {
                thread.setContextClassLoader(before);
            }
            return new WeakReference<>(loader);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"plain", "vector"})
    void noneStays(String loops) throws Exception {
        List<WeakReference<ClassLoader>> loaders = new ArrayList<>();
        for (int i = 0; i < LOADERS; i++) {
            loaders.add(openUseAndClose(loops));
        }
        for (int i = 0; i < 100 && count(loaders) > 0; i++) {
            System.gc();
            Thread.sleep(20);
        }
        assertEquals(0, count(loaders), "class loaders that are still there");
    }

    private static long count(List<WeakReference<ClassLoader>> loaders) {
        return loaders.stream().filter(loader -> loader.get() != null).count();
    }
}
