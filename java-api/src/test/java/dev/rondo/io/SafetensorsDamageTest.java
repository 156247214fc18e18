package dev.rondo.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeout;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files that were right once. */
class SafetensorsDamageTest {
    private static final String[] TOKENS = {
        "{",
        "}",
        "[",
        "]",
        ":",
        ",",
        "\"",
        "\\",
        "\\u",
        "\\ud800",
        "-",
        ".",
        "e9",
        "0",
        "9",
        "18446744073709551616",
        "9223372036854775807",
        "null",
        "true",
        " ",
        "\n",
        "\u0000",
        "\u00ff",
        "\u00c3",
        "\"dtype\"",
        "\"shape\"",
        "\"data_offsets\"",
        "\"__metadata__\"",
        "\"F64\"",
        "\"F4\"",
        "[0,4]",
        "{}",
        "[]",
        "\"rondo.sha256\":"
    };

    @TempDir
    Path folder;

    private Path path;
    private byte[] intact;

    @BeforeEach
    void writeFile() throws IOException {
        path = folder.resolve("model.safetensors");
        Safetensors.write(
                path,
                List.of(
                        NamedTensor.f32("w", new float[] {1, 2, 3, 4, 5, 6}, 2, 3),
                        NamedTensor.i64("n", new long[] {42}),
                        NamedTensor.ofBytes("mask", ElementType.BOOL, new byte[] {1, 0, 1}, 3)),
                Map.of("cell", "gru"));
        intact = Files.readAllBytes(path);
    }

    private void assertDamaged(byte[] content, String what) throws IOException {
        Files.write(path, content);
        FileFormatException e = assertThrows(
                FileFormatException.class,
                () -> Safetensors.open(path, Integrity.REQUIRED).close(),
                what);
        assertTrue(e.getMessage().startsWith(path + ": "), e::getMessage);
    }

    @Test
    void everyChangedByteIsFound() throws IOException {
        for (int i = 0; i < intact.length; i++) {
            for (int change : new int[] {0x01, 0x02, 0x20, 0x80, 0xff}) {
                byte[] damaged = intact.clone();
                damaged[i] ^= (byte) change;
                assertDamaged(damaged, "byte " + i + " xor " + change);
            }
        }
    }

    @Test
    void everyTruncationIsFound() throws IOException {
        for (int length = 0; length < intact.length; length++) {
            assertDamaged(Arrays.copyOf(intact, length), "length " + length);
        }
    }

    @Test
    void everyInsertedOrRemovedByteIsFound() throws IOException {
        for (int i = 0; i <= intact.length; i++) {
            byte[] longer = Arrays.copyOf(intact, intact.length + 1);
            System.arraycopy(intact, i, longer, i + 1, intact.length - i);
            for (int inserted : new int[] {0, ' ', 0xff}) {
                longer[i] = (byte) inserted;
                assertDamaged(longer, "inserted " + inserted + " at " + i);
            }
            if (i < intact.length) {
                byte[] shorter = Arrays.copyOf(intact, intact.length - 1);
                System.arraycopy(intact, i + 1, shorter, i, shorter.length - i);
                assertDamaged(shorter, "removed byte " + i);
            }
        }
    }

    /** Where the checksum is not required, damage to the key's name may pass, but never damage to anything else. */
    @Test
    void optionalChecksumIsVerified() throws IOException {
        int keyAt = new String(intact, StandardCharsets.ISO_8859_1).indexOf(Safetensors.CHECKSUM_KEY);
        for (int i = 0; i < intact.length; i++) {
            if (i >= keyAt && i < keyAt + Safetensors.CHECKSUM_KEY.length()) {
                continue;
            }
            byte[] damaged = intact.clone();
            damaged[i] ^= 1;
            Files.write(path, damaged);
            assertThrows(FileFormatException.class, () -> Safetensors.open(path).close(), "byte " + i);
        }
    }

    @Test
    void fileThatShrinksWhileOpenIsFound() throws IOException {
        try (SafetensorsFile file = Safetensors.open(path)) {
            try (var channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
                channel.truncate(intact.length - 10);
            }
            FileFormatException e = assertThrows(
                    FileFormatException.class, () -> file.tensor("w").toFloatArray());
            assertTrue(e.getMessage().contains("found the end of the file"), e::getMessage);
        }
    }

    /** Whole files with random bytes changed, and the length made to fit or left as it was. */
    @Test
    void randomDamageNeverPasses() {
        Random random = new Random(20240817);
        assertTimeout(Duration.ofSeconds(30), () -> {
            for (int round = 0; round < 4_000; round++) {
                byte[] damaged = intact.clone();
                for (int changes = 1 + random.nextInt(4); changes > 0; changes--) {
                    damaged[random.nextInt(damaged.length)] = (byte) random.nextInt(256);
                }
                if (!Arrays.equals(intact, damaged)) {
                    assertDamaged(damaged, "round " + round);
                }
            }
        });
    }

    /** Headers with random edits: they are read rightly or refused, quickly, and nothing else comes out. */
    @Test
    void randomHeadersAreReadOrRefused() {
        String header = new String(intact, 8, intact.length - 8 - 35, StandardCharsets.UTF_8);
        long contentLength = 35;
        Random random = new Random(20240818);
        assertTimeout(Duration.ofSeconds(30), () -> {
            int read = 0;
            for (int round = 0; round < 60_000; round++) {
                StringBuilder edited = new StringBuilder(header);
                for (int edits = 1 + random.nextInt(3); edits > 0 && edited.length() > 0; edits--) {
                    edit(edited, random);
                }
                byte[] text = edited.toString().getBytes(StandardCharsets.ISO_8859_1);
                try {
                    Header parsed = Header.read(text, contentLength, path);
                    read++;
                    long end = 0;
                    for (Header.Entry entry : parsed.entries()) {
                        assertEquals(end, entry.begin());
                        end = entry.end();
                        assertEquals(end - entry.begin(), entry.type().byteCount(entry.shape()));
                    }
                    assertEquals(contentLength, end);
                } catch (FileFormatException e) {
                    assertTrue(e.getMessage().length() < 1000, e::getMessage);
                }
            }
            assertTrue(read > 100 && read < 59_000, "read " + read);
        });
    }

    private static void edit(StringBuilder text, Random random) {
        int at = random.nextInt(text.length());
        int to = Math.min(text.length(), at + 1 + random.nextInt(8));
        String token = TOKENS[random.nextInt(TOKENS.length)];
        switch (random.nextInt(6)) {
            case 0 -> text.setCharAt(at, (char) random.nextInt(256));
            case 1 -> text.insert(at, token);
            case 2 -> text.replace(at, to, token);
            case 3 -> text.delete(at, to);
            case 4 -> text.insert(at, text.substring(at, to));
            default -> text.setLength(at);
        }
    }

    @Test
    void intactFileIsRead() throws IOException {
        try (SafetensorsFile file = Safetensors.open(path, Integrity.REQUIRED)) {
            assertArrayEquals(new float[] {1, 2, 3, 4, 5, 6}, file.tensor("w").toFloatArray());
            assertArrayEquals(new long[] {42}, file.tensor("n").toLongArray());
            assertEquals(Map.of("cell", "gru"), file.metadata());
        }
    }
}
