package dev.rondo.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/** A program that saves again and again is killed; the file is whole. */
class AtomicFileKillTest {
    private static final int KILLS = 25;

    @TempDir
    Path folder;

    /** The program that is killed. After its first save it puts a byte on its output. */
    static final class Saver {
        private Saver() {}

        public static void main(String[] arguments) throws IOException {
            Path target = Path.of(arguments[0]);
            for (int i = 0; ; i++) {
                save(target, i % 2);
                if (i == 0) {
                    System.out.write('!');
                    System.out.flush();
                }
            }
        }
    }

    private static float[] content(int version) {
        float[] data = new float[version == 0 ? 400_000 : 150_000];
        Arrays.fill(data, version + 0.5f);
        return data;
    }

    private static void save(Path target, int version) throws IOException {
        float[] data = content(version);
        Safetensors.write(
                target, List.of(NamedTensor.f32("w", data, data.length)), Map.of("version", String.valueOf(version)));
    }

    private static void assertWhole(Path target) throws IOException {
        try (SafetensorsFile file = Safetensors.open(target, Integrity.REQUIRED)) {
            int version = Integer.parseInt(file.requireMetadata("version"));
            assertArrayEquals(content(version), file.tensor("w").toFloatArray());
        }
    }

    private static String classPath() throws URISyntaxException {
        List<String> places = new ArrayList<>();
        for (Class<?> type : List.of(Saver.class, Safetensors.class)) {
            places.add(Path.of(type.getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .toString());
        }
        return String.join(File.pathSeparator, places);
    }

    @Test
    @Timeout(120)
    void fileIsWholeAfterEveryKill() throws Exception {
        Path target = folder.resolve("model.safetensors");
        save(target, 0);
        Random random = new Random(7);
        int stale = 0;
        for (int kill = 0; kill < KILLS; kill++) {
            Process saver = new ProcessBuilder(
                            Path.of(System.getProperty("java.home"), "bin", "java")
                                    .toString(),
                            "-cp",
                            classPath(),
                            "-XX:TieredStopAtLevel=1",
                            Saver.class.getName(),
                            target.toString())
                    .redirectError(ProcessBuilder.Redirect.INHERIT)
                    .start();
            try {
                assertEquals('!', saver.getInputStream().read());
                TimeUnit.MICROSECONDS.sleep(random.nextInt(100_000));
            } finally {
                saver.destroyForcibly().waitFor();
            }
            assertWhole(target);
            stale += Files.exists(AtomicFile.temporaryFor(target)) ? 1 : 0;
        }
        assertTrue(stale > 0, "no kill hit a save");
        save(target, 1);
        assertWhole(target);
        assertFalse(Files.exists(AtomicFile.temporaryFor(target)));
        File[] left = folder.toFile().listFiles();
        assertEquals(1, left == null ? 0 : left.length);
    }
}
