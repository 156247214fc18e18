package dev.rondo.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.bench.cli.ExitStatus;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class RondoTest {
    @Test
    void withoutACommandItSaysWhichThereAre() {
        Call call = Call.rondo();
        assertEquals(ExitStatus.WRONG_CALL, call.status());
        assertTrue(call.err().contains("doctor") && call.err().contains("conform"), call.err());
        assertEquals("", call.out());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "doctor", "conform", "verify", "bench", "train", "sample", "task"})
    void everythingHasHelpAndVersion(String command) {
        String[] prefix = command.isEmpty() ? new String[0] : new String[] {command};
        Call help = Call.rondo(with(prefix, "--help"));
        assertEquals(ExitStatus.DONE, help.status());
        assertTrue(help.out().startsWith(("Usage: rondo " + command).strip()), help.out());
        Call version = Call.rondo(with(prefix, "--version"));
        assertEquals(ExitStatus.DONE, version.status());
        assertTrue(version.out().startsWith("rondo "), version.out());
        assertEquals("", help.err() + version.err());
    }

    @Test
    void anUnknownCommandIsAWrongCallWithASuggestion() {
        Call call = Call.rondo("confirm");
        assertEquals(ExitStatus.WRONG_CALL, call.status());
        assertTrue(call.err().startsWith("rondo: Unmatched argument at index 0: 'confirm'\n"), call.err());
        assertTrue(call.err().contains("rondo conform"), call.err());
    }

    @Test
    void anUnknownOptionIsAWrongCallWithASuggestion() {
        Call call = Call.rondo("conform", "--bakend", "reference", "file");
        assertEquals(ExitStatus.WRONG_CALL, call.status());
        assertTrue(call.err().startsWith("rondo: Unknown option: '--bakend'"), call.err());
        assertTrue(call.err().contains("--backend"), call.err());
        assertTrue(call.err().endsWith("Try 'rondo conform --help'.\n"), call.err());
    }

    @Test
    void anErrorIsOneLine() {
        Call call = Call.rondo("conform", "no-such-file.txt");
        assertEquals(ExitStatus.WRONG_CALL, call.status());
        assertEquals("rondo: no-such-file.txt: no such file or folder\n", call.err());
        assertEquals("", call.out());
    }

    private static String[] with(String[] prefix, String last) {
        String[] args = java.util.Arrays.copyOf(prefix, prefix.length + 1);
        args[prefix.length] = last;
        return args;
    }
}
