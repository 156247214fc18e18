package dev.rondo.bench.verify;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.Backend;
import dev.rondo.Cell;
import dev.rondo.RnnSpec;
import dev.rondo.bench.Call;
import dev.rondo.bench.FaultyProvider;
import dev.rondo.bench.FaultyProvider.Fault;
import dev.rondo.bench.JsonTree;
import dev.rondo.bench.cli.ExitStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class VerifyCommandTest {
    @TempDir
    private Path folder;

    @Test
    void everyBackendOfThisMachineIsRight() throws IOException {
        Path file = folder.resolve("verify.json");
        Call call = Call.rondo("verify", "--json", file.toString());
        assertEquals(ExitStatus.DONE, call.status(), call.out() + call.err());
        assertEquals("", call.err());
        List<String> lines = call.out().lines().toList();
        assertTrue(lines.contains("faulty: not run: " + FaultyProvider.REASON), call.out());
        assertTrue(lines.contains("  the oracle itself: only whether it repeats is checked"), call.out());
        JsonTree json = JsonTree.read(file);
        assertEquals("all", json.at("settings").at("backend").text());
        JsonTree notRun = named("faulty", json.at("not_run").list());
        assertEquals(FaultyProvider.REASON, notRun.at("reason").text());
        List<JsonTree> backends = json.at("backends").list();
        JsonTree cpu = named("cpu", backends);
        named("reference", backends);
        for (JsonTree backend : backends) {
            String name = backend.at("backend").text();
            int checks = (int) backend.at("checks").number();
            assertTrue(checks > 400, name);
            assertTrue(lines.contains(name + ": " + checks + " passed, 0 failed"), call.out());
            assertTrue(
                    lines.contains(
                            "  SHA-256 of all bits: " + backend.at("sha256").text()),
                    call.out());
            assertTrue(backend.at("repeats_bit_identical").isTrue());
            assertEquals(0, backend.at("failed").number());
            assertEquals(List.of(), backend.at("failures").list());
        }
        checkTensors(cpu.at("tensors").list(), lines);
        assertFalse(Files.exists(folder.resolve(".verify.json.rondo-tmp")));
    }

    private static JsonTree named(String backend, List<JsonTree> entries) {
        return entries.stream()
                .filter(entry -> entry.at("backend").text().equals(backend))
                .findFirst()
                .orElseThrow();
    }

    /** The table names every cell that the backend has with every tensor; a backend of float32 uses some of the tolerance, and not all of it. */
    private static void checkTensors(List<JsonTree> tensors, List<String> lines) {
        List<String> rows = tensors.stream()
                .map(row -> row.at("subject").text() + " " + row.at("tensor").text())
                .toList();
        for (Cell cell : cellsOfCpu()) {
            for (String tensor : List.of("y", "h_n", "dx", "dW", "dU", "db", "dh0")) {
                assertTrue(rows.contains(cell + " " + tensor), rows.toString());
            }
        }
        for (String row : List.of(
                "LSTM c_n",
                "LSTM dc0",
                "linear dW",
                "embedding dW",
                "softmax cross-entropy loss",
                "optimizers W",
                "training step W")) {
            assertTrue(rows.contains(row), row + " in " + rows);
        }
        for (JsonTree row : tensors) {
            double share = row.at("share").number();
            assertTrue(share >= 0 && share <= 1, row.at("subject").text());
            String where = row.at("where").text();
            assertTrue(lines.stream().anyMatch(line -> line.endsWith(" %  " + where)), where);
        }
        assertTrue(tensors.stream().anyMatch(row -> row.at("share").number() > 0.001));
    }

    private static List<Cell> cellsOfCpu() {
        try (Backend cpu = Backend.named("cpu")) {
            return Stream.of(Cell.values())
                    .filter(cell -> cpu.unsupported(RnnSpec.of(cell, 1, 1)).isEmpty())
                    .toList();
        }
    }

    @Test
    void aWrongBackendFails() throws IOException {
        Path file = folder.resolve("verify.json");
        FaultyProvider.with(Fault.OFF, () -> {
            Call call = Call.rondo("verify", "--backend", "faulty", "--json", file.toString());
            assertEquals(ExitStatus.FAILED, call.status());
            List<String> lines = call.out().lines().toList();
            assertEquals("faulty: fault OFF", lines.get(0));
            assertTrue(
                    lines.get(1).startsWith("FAILED on faulty: RNN_TANH T1 N1 I1 H1 L1 forward: dh0[0,0,0] expected "),
                    lines.get(1));
            JsonTree backend = JsonTree.read(file).at("backends").list().get(0);
            int failed = (int) backend.at("failed").number();
            assertEquals(failed, backend.at("failures").list().size());
            assertEquals(
                    failed,
                    lines.stream().filter(line -> line.startsWith("FAILED")).count());
            int passed = (int) backend.at("checks").number() - failed;
            assertTrue(passed > 0 && failed > 300, passed + " passed");
            assertEquals("faulty: " + passed + " passed, " + failed + " failed", lines.get(lines.size() - 1));
            JsonTree failure = backend.at("failures").list().get(0);
            assertEquals("RNN_TANH", failure.at("subject").text());
            assertTrue(failure.at("reason").text().startsWith("dh0[0,0,0] expected "));
        });
    }

    @Test
    void aPrecisionWithAnotherToleranceIsAWrongCall() {
        Call call = Call.rondo("verify", "--precision", "bf16");
        assertEquals(2, call.status());
        assertEquals(
                "rondo: --precision: expected fp32 or tf32x3, since the tolerance is that of float32, got bf16\n",
                call.err());
    }

    @Test
    void anUnknownBackendIsAWrongCall() {
        Call call = Call.rondo("verify", "--backend", "abacus");
        assertEquals(ExitStatus.WRONG_CALL, call.status());
        assertTrue(call.err().startsWith("rondo: --backend: expected all or one of ["), call.err());
        assertEquals("", call.out());
    }

    @Test
    void aForcedBackendThatCannotBeUsedIsAWrongCall() {
        Call call = Call.rondo("verify", "--backend", "faulty");
        assertEquals(ExitStatus.WRONG_CALL, call.status());
        assertEquals("rondo: backend faulty cannot be used here: " + FaultyProvider.REASON + "\n", call.err());
        assertEquals("", call.out());
    }

    @Test
    void aReportThatCannotBeWrittenIsFoundBeforeTheChecks() {
        Call call = Call.rondo(
                "verify", "--json", folder.resolve("missing/verify.json").toString());
        assertEquals(ExitStatus.WRONG_CALL, call.status());
        assertTrue(call.err().startsWith("rondo: --json: there is no directory "), call.err());
        assertEquals("", call.out());
    }
}
