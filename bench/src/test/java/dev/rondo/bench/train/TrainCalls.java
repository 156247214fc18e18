package dev.rondo.bench.train;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.rondo.bench.Call;
import dev.rondo.bench.cli.ExitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/** Small training runs for the tests of {@code train} and {@code sample}, and how they must end. */
final class TrainCalls {
    private static final String SENTENCE = "the quick brown fox jumps over the lazy dog ";

    private TrainCalls() {}

    /** A text of so many sentences of 44 characters, 27 different ones, written to a file. */
    static Path text(Path folder, int sentences) throws IOException {
        return Files.writeString(folder.resolve("text.txt"), SENTENCE.repeat(sentences));
    }

    /** The arguments of a small run on the oracle. */
    static List<String> small(Path text, String... more) {
        List<String> args = new ArrayList<>(List.of("train", "--text", text.toString(), "--backend", "reference"));
        args.addAll(List.of("--hidden", "12", "--batch", "4", "--steps", "6", "--lr", "0.02", "--sample", "30"));
        args.addAll(List.of(more));
        return args;
    }

    /** The arguments of a run that goes on from a file. */
    static List<String> resume(Path text, Path file, String... more) {
        List<String> args = new ArrayList<>(List.of("train", "--text", text.toString()));
        args.addAll(List.of("--resume", file.toString()));
        args.addAll(List.of(more));
        return args;
    }

    static Call call(List<String> args) {
        return Call.rondo(args.toArray(String[]::new));
    }

    static void assertDone(Call call) {
        assertEquals("", call.err());
        assertEquals(ExitStatus.DONE, call.status());
    }

    /** One line that begins with what is at fault, and the exit status of a wrong call. */
    static void assertRefused(String expected, Call call) {
        assertEquals("rondo: " + expected + "\n", call.err());
        assertEquals(ExitStatus.WRONG_CALL, call.status());
    }
}
