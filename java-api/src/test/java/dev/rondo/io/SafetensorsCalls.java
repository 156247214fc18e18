package dev.rondo.io;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.function.Executable;

/** Small files for the tests of {@link Safetensors}, and the messages of what it refuses. */
final class SafetensorsCalls {
    static final Map<String, String> NO_METADATA = Map.of();

    private SafetensorsCalls() {}

    /** A file of these tensors in a folder, in place of the one that was written there before. */
    static Path write(Path folder, NamedTensor... tensors) throws IOException {
        Path file = folder.resolve("model.safetensors");
        Safetensors.write(file, List.of(tensors), NO_METADATA);
        return file;
    }

    /** The exception has all these parts in its message. */
    static void assertMessage(Class<? extends Throwable> type, Executable action, String... parts) {
        String message = String.valueOf(assertThrows(type, action).getMessage());
        for (String part : parts) {
            assertTrue(message.contains(part), () -> "expected <" + part + "> in: " + message);
        }
    }
}
