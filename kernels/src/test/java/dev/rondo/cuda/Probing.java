package dev.rondo.cuda;

import dev.rondo.Backend;
import dev.rondo.BackendException;
import dev.rondo.Cell;
import dev.rondo.RnnSpec;
import dev.rondo.emulator.Emulator;
import java.io.File;
import java.io.IOException;
import java.nio.file.Path;

/** The main class of a child: what it finds, and what it computes if that can be. */
final class Probing {
    /** The folder of the emulator; absent for none. */
    static final String EMULATOR = "rondo.child.emulator";

    private Probing() {}

    public static void main(String[] arguments) throws IOException {
        String emulator = System.getProperty(EMULATOR);
        if (emulator != null) {
            Emulator.load(Path.of(emulator));
        }
        CudaProbe probe = CudaProbe.probe();
        System.out.println("reason=" + probe.reason());
        System.out.println("detail=" + probe.detail());
        System.out.println("driver=" + probe.driverVersion());
        try (Backend best = Backend.best()) {
            System.out.println("best=" + best.name());
        }
        try (Backend backend = Backend.named("cuda");
                TrainingStep one = new TrainingStep(backend, RnnSpec.of(Cell.LSTM, 3, 4), 2, 2, false, null)) {
            System.out.println("hash=" + one.run());
        } catch (BackendException e) {
            System.out.println("named=" + e.getMessage());
        }
        // Again: what failed to load must not be another error the second time.
        System.out.println("again=" + CudaProbe.probe().reason());
        // The folder for temporary files is what it was, also for those who ask for it the first time now.
        File file = File.createTempFile("probing", null);
        System.out.println("temporary=" + file.delete());
    }
}
