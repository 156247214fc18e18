package dev.rondo.model;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assertions.fail;

import dev.rondo.Cell;
import dev.rondo.io.ElementType;
import dev.rondo.io.FileFormatException;
import dev.rondo.io.NamedTensor;
import dev.rondo.io.Safetensors;
import dev.rondo.io.SafetensorsFile;
import dev.rondo.io.StoredTensor;
import dev.rondo.model.CharacterTrainingSettings.Algorithm;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Files of models and of training runs: whatever is wrong with one, it is refused whole and in words. */
public abstract class ModelFileContract extends ModelContract {
    private static final String TEXT = "abba baba aabb abab bbaa baab abba baba aabb";

    @TempDir
    Path folder;

    private Path file;
    private byte[] bytes;

    @BeforeEach
    void saveATraining() throws IOException {
        file = folder.resolve("training.safetensors");
        try (CharacterTraining training = training()) {
            for (int window = 0; window < 3; window++) {
                training.trainWindow();
            }
            training.save(file);
        }
        bytes = Files.readAllBytes(file);
    }

    private CharacterTraining training() {
        CharacterTrainingSettings settings = CharacterTrainingSettings.of(Cell.RNN_TANH, 1)
                .withBatch(2)
                .withSteps(3, 6)
                .withOptimizer(Algorithm.MOMENTUM, 0.1)
                .withSeed(3);
        return new CharacterTraining(backend(), settings, TextFilter.ALL, TEXT, Integer.MAX_VALUE);
    }

    private void load() throws IOException {
        CharacterLanguageModel.load(backend(), file).close();
    }

    private void resume() throws IOException {
        CharacterTraining.resume(backend(), file, TEXT, Integer.MAX_VALUE).close();
    }

    /** Every way to read the file refuses it as damaged; any other exception is a failure of the test. */
    private void assertDamageIsFound(String damage, byte[] content) throws IOException {
        Files.write(file, content);
        List<Reading> readings = readings();
        for (int i = 0; i < readings.size(); i++) {
            try {
                readings.get(i).read();
            } catch (FileFormatException e) {
                assertEquals(file.toString(), e.fileName());
                continue;
            } catch (Throwable t) {
                fail("reading " + i + ", " + damage + ": " + t, t);
            }
            fail("reading " + i + ", " + damage + ": expected that it is found");
        }
    }

    private List<Reading> readings() {
        return List.of(this::load, this::resume);
    }

    @FunctionalInterface
    private interface Reading {
        void read() throws IOException;
    }

    @Test
    void anUndamagedFileIsRead() throws IOException {
        load();
        resume();
    }

    @Test
    void everyFlippedBitOfEveryByteIsFound() throws IOException {
        byte[] damaged = bytes.clone();
        for (int at = 0; at < bytes.length; at++) {
            for (int mask : new int[] {0x01, 0x80}) {
                damaged[at] ^= (byte) mask;
                assertDamageIsFound("byte " + at + " xor " + mask, damaged);
                damaged[at] ^= (byte) mask;
            }
        }
    }

    @Test
    void everyTruncationIsFound() throws IOException {
        for (int length = 0; length < bytes.length; length++) {
            assertDamageIsFound("cut to " + length, Arrays.copyOf(bytes, length));
        }
    }

    @Test
    void appendedBytesAreFound() throws IOException {
        Random random = new Random(4);
        for (int more : new int[] {1, 2, 7, 8, 64, 4096, bytes.length}) {
            byte[] zeros = Arrays.copyOf(bytes, bytes.length + more);
            assertDamageIsFound(more + " zeros appended", zeros);
            byte[] noise = new byte[more];
            random.nextBytes(noise);
            System.arraycopy(noise, 0, zeros, bytes.length, more);
            assertDamageIsFound(more + " random bytes appended", zeros);
        }
        byte[] twice = Arrays.copyOf(bytes, 2 * bytes.length);
        System.arraycopy(bytes, 0, twice, bytes.length, bytes.length);
        assertDamageIsFound("the file twice", twice);
    }

    @Test
    void lostBlocksAreFound() throws IOException {
        for (int from = 0; from < bytes.length; from += 512) {
            byte[] damaged = bytes.clone();
            Arrays.fill(damaged, from, Math.min(from + 512, damaged.length), (byte) 0);
            assertDamageIsFound("block at " + from + " is zero", damaged);
        }
    }

    @Test
    void whatIsNoFileOfOursIsRefusedInWords() throws IOException {
        Files.delete(file);
        assertThrows(NoSuchFileException.class, this::load);
        assertThrows(NoSuchFileException.class, this::resume);
        assertThrows(NoSuchFileException.class, () -> CharacterTraining.backendOf(file));
        Files.createDirectory(file);
        assertMessage(file + ": expected a file, found a directory", this::load);
        assertMessage(file + ": expected a file, found a directory", this::resume);
        Files.delete(file);
        assertDamageIsFound("a text", "Once upon a time".getBytes(StandardCharsets.UTF_8));
        assertDamageIsFound("nothing", new byte[0]);
        assertDamageIsFound("zeros", new byte[10_000]);
    }

    @Test
    void aFileOfTensorsThatIsNoModelIsRefusedInWords() throws IOException {
        String expected = file + ": expected a model of Rondo, with the metadata \"format\" = "
                + "\"rondo-character-language-model-1\", got ";
        List<NamedTensor> tensors = List.of(NamedTensor.f32("w", new float[] {1, 2}, 2));
        Safetensors.write(file, tensors, Map.of());
        assertMessage(expected + "a file without it", this::load);
        assertMessage(expected + "a file without it", this::resume);
        Safetensors.write(file, tensors, Map.of("format", "pt"));
        assertMessage(expected + "\"pt\"", this::load);
        assertMessage(expected + "\"pt\"", this::resume);
        byte[] header =
                "{\"w\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}".getBytes(StandardCharsets.UTF_8);
        byte[] plain = new byte[8 + header.length + 4];
        plain[0] = (byte) header.length;
        System.arraycopy(header, 0, plain, 8, header.length);
        Files.write(file, plain);
        assertMessage(expected + "a file without it", this::load);
        assertMessage(expected + "a file without it", this::resume);
    }

    /** A program that rewrites the file may drop what it does not know. Then nobody can tell whether it is whole. */
    @Test
    void aFileWithoutChecksumIsRefused() throws IOException {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        byte[] renamed = text.replace("\"rondo.sha256\"", "\"rondo.SHA256\"").getBytes(StandardCharsets.ISO_8859_1);
        assertDamageIsFound("checksum under another name", renamed);
        assertMessage(file + ": expected a checksum in the metadata \"rondo.sha256\", got none", this::load);
    }

    @Test
    void aModelWithoutItsTrainingCannotBeResumed() throws IOException {
        try (CharacterTraining training = training()) {
            training.model().save(file);
        }
        load();
        String expected = file + ": expected a model with the state of its training, got the model alone";
        assertMessage(expected, this::resume);
        assertMessage(expected, () -> CharacterTraining.backendOf(file));
    }

    private static void assertMessage(String expected, Reading reading) {
        assertEquals(expected, assertThrows(IOException.class, reading::read).getMessage());
    }

    /** The parts of the file, to be written again with another one among them: then the checksum is right. */
    private Map<String, String> metadata() throws IOException {
        try (SafetensorsFile content = Safetensors.open(file)) {
            return new LinkedHashMap<>(content.metadata());
        }
    }

    private Map<String, NamedTensor> tensors() throws IOException {
        Map<String, NamedTensor> tensors = new LinkedHashMap<>();
        try (SafetensorsFile content = Safetensors.open(file)) {
            for (StoredTensor tensor : content.tensors()) {
                tensors.put(
                        tensor.name(),
                        NamedTensor.ofBytes(tensor.name(), tensor.type(), tensor.toByteArray(), tensor.shape()));
            }
        }
        return tensors;
    }

    /** What cannot be is a fault of the file, and never an internal error, a large allocation or an endless loop. */
    @Test
    void metadataThatMakeNoSenseAreRefused() throws IOException {
        Map<String, String> metadata = metadata();
        Map<String, NamedTensor> tensors = tensors();
        List<String> nonsense = List.of(
                "",
                " ",
                "x",
                "-1",
                "1.5",
                "1e9",
                "NaN",
                "0x7",
                "99999",
                "2147483647",
                "2147483648",
                "9223372036854775808");
        List<String> accepted = new ArrayList<>();
        for (String key : metadata.keySet()) {
            Map<String, String> changed = new LinkedHashMap<>(metadata);
            changed.remove(key);
            Safetensors.write(file, tensors.values(), changed);
            assertThrows(FileFormatException.class, this::resume, () -> "without " + key);
            for (String value : nonsense) {
                changed.put(key, value);
                Safetensors.write(file, tensors.values(), changed);
                read(key, value, accepted);
            }
        }
        // all these numbers are possible ones, NaN that of a run that diverged; any three characters are a vocabulary
        Set<String> open = Set.of(
                "dropout",
                "vocabulary",
                "training.backend",
                "training.advances",
                "training.back_steps",
                "training.clip",
                "training.epoch",
                "training.learning_rate",
                "training.loss_sum",
                "training.seed",
                "training.updates");
        for (String one : accepted) {
            assertTrue(open.contains(one.substring(0, one.indexOf('='))), one);
        }
    }

    private void read(String key, String value, List<String> accepted) {
        for (Reading reading : key.startsWith("training.") ? List.<Reading>of(this::resume) : readings()) {
            try {
                reading.read();
                accepted.add(key + "=" + value);
            } catch (FileFormatException e) {
                assertTrue(e.getMessage().startsWith(file + ": "), e.getMessage());
            } catch (IOException | IllegalArgumentException e) {
                // a text does not fit these: which of the two is wrong cannot be said
                Set<String> ofTheText =
                        Set.of("vocabulary", "training.text_sha256", "training.batch", "training.steps");
                assertTrue(ofTheText.contains(key) && e.getMessage().startsWith("text: "), key + ": " + e);
            }
        }
    }

    @Test
    void missingTensorsAreNamed() throws IOException {
        Map<String, String> metadata = metadata();
        Map<String, NamedTensor> tensors = tensors();
        for (String name : tensors.keySet()) {
            Map<String, NamedTensor> fewer = new LinkedHashMap<>(tensors);
            fewer.remove(name);
            Safetensors.write(file, fewer.values(), metadata);
            String message =
                    assertThrows(FileFormatException.class, this::resume).getMessage();
            assertTrue(message.startsWith(file + ": expected a tensor \"" + name + "\""), message);
        }
        assertTrue(tensors.keySet().containsAll(Set.of("linear.bias", "optimizer.velocity", "state.h", "history.1.x")));
    }

    @Test
    void tensorsOfAnotherShapeOrTypeAreRefused() throws IOException {
        Map<String, String> metadata = metadata();
        Map<String, NamedTensor> tensors = tensors();
        for (NamedTensor tensor : tensors.values()) {
            long[] shape = tensor.shape();
            int count = (int) Arrays.stream(shape).reduce(1, (a, b) -> a * b);
            long[] longer = shape.clone();
            longer[0]++;
            List<NamedTensor> others = List.of(
                    NamedTensor.ofBytes(tensor.name(), ElementType.U8, new byte[count], shape),
                    NamedTensor.f64(tensor.name(), new double[count / (int) shape[0] * (int) longer[0]], longer),
                    NamedTensor.f64(tensor.name(), new double[count], 1, count, 1, 1));
            for (NamedTensor other : others) {
                Map<String, NamedTensor> changed = new LinkedHashMap<>(tensors);
                changed.put(tensor.name(), other);
                Safetensors.write(file, changed.values(), metadata);
                String message =
                        assertThrows(FileFormatException.class, this::resume).getMessage();
                assertTrue(message.startsWith(file + ": tensor \"" + tensor.name() + "\": expected "), message);
            }
        }
    }

    /** A backend need not check indices; a file must not make it read outside of its memory. */
    @Test
    void charactersOutsideTheVocabularyAreRefused() throws IOException {
        Map<String, String> metadata = metadata();
        Map<String, NamedTensor> tensors = tensors();
        int known = Vocabulary.of(TEXT).size();
        for (int token : new int[] {-1, known, Integer.MAX_VALUE}) {
            Map<String, NamedTensor> changed = new LinkedHashMap<>(tensors);
            changed.put("history.0.x", NamedTensor.i32("history.0.x", new int[] {0, 0, 0, 0, 0, token}, 3, 2));
            Safetensors.write(file, changed.values(), metadata);
            assertMessage(
                    file + ": history.0.x: expected indices 0 to " + (known - 1) + ", got " + token, this::resume);
        }
    }

    @Test
    void aSaveThatCannotBeginLeavesEverythingAsItWas() throws IOException {
        Path directory = Files.createDirectory(folder.resolve("directory"));
        Path orphan = folder.resolve("missing").resolve("file");
        Files.createDirectory(folder.resolve(".training.safetensors.rondo-tmp"));
        try (CharacterTraining training = training()) {
            for (Path target : List.of(directory, orphan, file)) {
                assertNamed(target, assertThrows(IOException.class, () -> training.save(target)));
                assertNamed(
                        target,
                        assertThrows(IOException.class, () -> training.model().save(target)));
            }
            training.trainWindow();
        }
        assertArrayEquals(bytes, Files.readAllBytes(file));
        resume();
        Files.delete(directory);
    }

    private static void assertNamed(Path target, IOException error) {
        assertTrue(error.getMessage().contains(target.toString()), error.getMessage());
    }

    /** An interrupt closes the file between two writes, as a full disk ends them. */
    @Test
    void aSaveThatFailsHalfWayLeavesTheOldFile() throws IOException {
        try (CharacterTraining training = training()) {
            Thread.currentThread().interrupt();
            assertNamed(file, assertThrows(IOException.class, () -> training.save(file)));
            assertTrue(Thread.interrupted());
            assertArrayEquals(bytes, Files.readAllBytes(file));
            resume();
            training.save(file);
            assertNotEqualsBytes();
            resume();
        }
        try (var files = Files.list(folder)) {
            assertEquals(List.of(file), files.toList());
        }
    }

    private void assertNotEqualsBytes() throws IOException {
        assertTrue(!Arrays.equals(bytes, Files.readAllBytes(file)), "the save that worked replaced the file");
    }

    /** Nothing that is read is ever larger than the file, whatever its first eight bytes say. */
    @Test
    void everyLengthOfTheHeaderIsHandled() throws IOException {
        for (int bit = 0; bit < Long.SIZE; bit++) {
            byte[] damaged = bytes.clone();
            ByteBuffer start = ByteBuffer.wrap(damaged).order(ByteOrder.LITTLE_ENDIAN);
            start.putLong(0, start.getLong(0) ^ 1L << bit);
            assertDamageIsFound("bit " + bit + " of the length", damaged);
        }
    }
}
