package dev.rondo.bench.doctor;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.rondo.bench.Call;
import dev.rondo.bench.JsonTree;
import dev.rondo.bench.cli.ExitStatus;
import dev.rondo.bench.report.MachineFacts;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DoctorCommandTest {
    @Test
    void saysWhatRunsHereAndWhyNotTheRest() {
        Call call = Call.rondo("doctor");
        assertEquals(ExitStatus.DONE, call.status(), call.err());
        for (String part : List.of(
                System.getProperty("java.version"),
                System.getProperty("os.arch"),
                "Vector API",
                "reference   the oracle",
                "  driver      ",
                "  device      ",
                "  kernels     ",
                "  cuBLAS      ",
                "  products    ",
                "  precisions  ",
                "libcuda",
                "nvcc",
                "g++")) {
            assertTrue(call.out().contains(part), part + " in " + call.out());
        }
        assertTrue(call.out().lines().anyMatch(line -> line.startsWith("  cuda  ")), call.out());
    }

    @Test
    void jsonHasTheSameFacts(@TempDir Path folder) throws IOException {
        Path file = folder.resolve("doctor.json");
        Call call = Call.rondo("doctor", "--json", file.toString());
        assertEquals(ExitStatus.DONE, call.status(), call.err());
        JsonTree json = JsonTree.read(file);
        assertTrue(json.has("settings"));
        assertEquals(
                System.getProperty("java.version"),
                json.at("java").at("version").text());
        assertEquals(
                Runtime.getRuntime().availableProcessors(), json.at("cores").number());
        for (String name : List.of("driver", "device", "kernels", "cublas", "products")) {
            assertTrue(call.out().contains(json.at("cuda").at(name).text()), name);
        }
        JsonTree reference = json.at("backends").list().stream()
                .filter(backend -> backend.at("name").text().equals("reference"))
                .findFirst()
                .orElseThrow();
        assertTrue(reference.at("available").isTrue());
        assertTrue(call.out().contains(reference.at("description").text()));
    }

    @Test
    void findsFilesInTheOrderOfTheFolders(@TempDir Path folder) throws IOException {
        Path first = Files.createDirectory(folder.resolve("first"));
        Path second = Files.createDirectory(folder.resolve("second"));
        Files.createDirectory(first.resolve("nvcc"));
        Path file = Files.createFile(second.resolve("nvcc"));
        List<Path> folders = List.of(folder.resolve("missing"), first, second);
        assertEquals(Optional.of(file), MachineFacts.find(List.of("nvcc", "nvcc.exe"), folders));
        assertEquals(Optional.empty(), MachineFacts.find(List.of("g++"), folders));
    }
}
