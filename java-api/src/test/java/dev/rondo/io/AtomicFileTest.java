package dev.rondo.io;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.abort;
import static org.junit.jupiter.api.Assumptions.assumeFalse;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.FutureTask;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AtomicFileTest {
    @TempDir
    Path folder;

    private Path target;

    @BeforeEach
    void nameTarget() {
        target = folder.resolve("model.bin");
    }

    private static AtomicFile.Content text(String text) {
        return channel -> channel.write(ByteBuffer.wrap(text.getBytes(StandardCharsets.UTF_8)));
    }

    private static void assertOnly(Path folder, String... names) throws IOException {
        try (Stream<Path> files = Files.list(folder)) {
            assertEquals(
                    Stream.of(names).sorted().toList(),
                    files.map(file -> file.getFileName().toString()).sorted().toList());
        }
    }

    @Test
    void createsAndReplaces() throws IOException {
        AtomicFile.replace(target, text("a long first content"));
        assertEquals("a long first content", Files.readString(target));
        AtomicFile.replace(target, text("second"));
        assertEquals("second", Files.readString(target));
        AtomicFile.replace(target, channel -> {});
        assertEquals("", Files.readString(target));
        assertOnly(folder, "model.bin");
    }

    @Test
    void replacesARelativePath() throws IOException {
        Path here = Path.of("").toAbsolutePath();
        assumeTrue(here.getRoot().equals(folder.getRoot()), "one file tree");
        AtomicFile.replace(here.relativize(target.toAbsolutePath()), text("x"));
        assertEquals("x", Files.readString(target));
    }

    @Test
    void targetIsUntouchedWhileContentIsWritten() throws IOException {
        Files.writeString(target, "old");
        AtomicFile.replace(target, channel -> {
            text("new").writeTo(channel);
            assertEquals("old", Files.readString(target));
            assertTrue(Files.exists(folder.resolve(".model.bin.rondo-tmp")));
        });
        assertEquals("new", Files.readString(target));
    }

    @Test
    void failureAfterAnyNumberOfBytesLeavesTheOldContent() throws IOException {
        Files.writeString(target, "old");
        List<Throwable> failures = List.of(
                new IOException("no space"), new IllegalStateException("broken"), new StackOverflowError("deep"));
        for (int length = 0; length < 70_000; length = length * 3 + 1) {
            ByteBuffer bytes = ByteBuffer.allocate(length);
            for (Throwable failure : failures) {
                Throwable thrown = assertThrows(
                        Throwable.class,
                        () -> AtomicFile.replace(target, channel -> {
                            channel.write(bytes.rewind());
                            AtomicFileTest.<IOException>fail(failure);
                        }));
                if (failure instanceof IOException) {
                    assertSame(failure, thrown.getCause());
                    assertEquals(target + ": cannot be replaced: " + failure, thrown.getMessage());
                } else {
                    assertSame(failure, thrown);
                    assertEquals(target + ": was not replaced", thrown.getSuppressed()[0].getMessage());
                }
                assertEquals("old", Files.readString(target));
                assertOnly(folder, "model.bin");
            }
        }
    }

    @SuppressWarnings("unchecked")
    private static <T extends Throwable> void fail(Throwable failure) throws T {
        throw (T) failure;
    }

    @Test
    void failureLeavesNoNewFile() throws IOException {
        assertThrows(IOException.class, () -> AtomicFile.replace(target, FileChannel::close));
        assertOnly(folder);
    }

    @Test
    void failedWriteLeavesTheOldModel() throws IOException {
        Safetensors.write(target, List.of(NamedTensor.f32("w", new float[] {1}, 1)), Map.of());
        byte[] old = Files.readAllBytes(target);
        Thread.currentThread().interrupt();
        assertThrows(
                IOException.class,
                () -> Safetensors.write(target, List.of(NamedTensor.f32("w", new float[] {2}, 1)), Map.of()));
        assertTrue(Thread.interrupted());
        assertArrayEquals(old, Files.readAllBytes(target));
        assertOnly(folder, "model.bin");
    }

    @Test
    void staleTemporaryFileIsOverwritten() throws IOException {
        Files.writeString(folder.resolve(".model.bin.rondo-tmp"), "much longer than the new content");
        AtomicFile.replace(target, text("new"));
        assertEquals("new", Files.readString(target));
        assertOnly(folder, "model.bin");
    }

    @Test
    void temporaryFileThatIsNoFileIsLeftAlone() throws IOException {
        Path temporary = Files.createDirectory(folder.resolve(".model.bin.rondo-tmp"));
        FileSystemException e = assertThrows(FileSystemException.class, () -> AtomicFile.replace(target, text("new")));
        assertTrue(e.getMessage().contains("in the way: " + temporary), e::getMessage);
        Files.delete(temporary);
        Path precious = Files.writeString(folder.resolve("precious"), "kept");
        link(temporary, precious);
        assertThrows(FileSystemException.class, () -> AtomicFile.replace(target, text("new")));
        assertEquals("kept", Files.readString(precious));
    }

    @Test
    void directoryIsRefused() throws IOException {
        Files.createDirectory(target);
        FileSystemException e = assertThrows(FileSystemException.class, () -> AtomicFile.replace(target, text("new")));
        assertEquals(target + ": expected a file to replace, found a directory", e.getMessage());
        assertThrows(FileSystemException.class, () -> AtomicFile.replace(folder.getRoot(), text("new")));
        assertThrows(FileSystemException.class, () -> AtomicFile.replace(Path.of(""), text("new")));
        assertOnly(folder, "model.bin");
    }

    @Test
    void missingFolderIsNamed() throws IOException {
        Path lost = folder.resolve("nowhere").resolve("model.bin");
        NoSuchFileException e = assertThrows(NoSuchFileException.class, () -> AtomicFile.replace(lost, text("new")));
        assertEquals(lost + ": folder does not exist: " + lost.getParent(), e.getMessage());
        Path below = Files.writeString(target, "x").resolve("model.bin");
        assertThrows(NoSuchFileException.class, () -> AtomicFile.replace(below, text("new")));
        assertOnly(folder, "model.bin");
    }

    @Test
    void specialFileIsRefused() {
        Path device = Path.of("/dev/null");
        assumeTrue(Files.exists(device));
        FileSystemException e = assertThrows(FileSystemException.class, () -> AtomicFile.replace(device, text("new")));
        assertTrue(e.getMessage().contains("found a special file"), e::getMessage);
    }

    @Test
    void unwritableFolderIsRefused() throws IOException {
        Path locked = Files.createDirectory(folder.resolve("locked"));
        assumeTrue(locked.toFile().setWritable(false));
        try {
            assumeFalse(Files.isWritable(locked), "a user who may write anywhere");
            Path file = locked.resolve("model.bin");
            IOException e = assertThrows(IOException.class, () -> AtomicFile.replace(file, text("new")));
            assertTrue(e.getMessage().startsWith(file + ": cannot be replaced: "), e::getMessage);
        } finally {
            locked.toFile().setWritable(true);
        }
    }

    private static void link(Path link, Path to) throws IOException {
        try {
            Files.createSymbolicLink(link, to);
        } catch (UnsupportedOperationException | FileSystemException e) {
            abort("symbolic links: " + e);
        }
    }

    @Test
    void linksSurvive() throws IOException {
        Path store = Files.createDirectory(folder.resolve("store"));
        Path real = Files.writeString(store.resolve("v1"), "old");
        Path second = folder.resolve("second");
        link(second, Path.of("store", "v1"));
        link(target, second);
        AtomicFile.replace(target, text("new"));
        assertTrue(Files.isSymbolicLink(target) && Files.isSymbolicLink(second));
        assertTrue(Files.isRegularFile(real, LinkOption.NOFOLLOW_LINKS));
        assertEquals("new", Files.readString(real));
        assertOnly(store, "v1");
        assertOnly(folder, "model.bin", "second", "store");
        Files.delete(real);
        AtomicFile.replace(target, text("again"));
        assertEquals("again", Files.readString(real));
    }

    @Test
    void linkInACircleIsRefused() throws IOException {
        link(target, Path.of("model.bin"));
        FileSystemException e = assertThrows(FileSystemException.class, () -> AtomicFile.replace(target, text("new")));
        assertTrue(e.getMessage().contains("more than 40 symbolic links"), e::getMessage);
    }

    @Test
    void secondCallAtTheSameTimeFails() throws Exception {
        CountDownLatch tried = new CountDownLatch(1);
        CountDownLatch writing = new CountDownLatch(1);
        FutureTask<Void> first = new FutureTask<>(() -> {
            AtomicFile.replace(target, channel -> {
                text("fir").writeTo(channel);
                writing.countDown();
                try {
                    tried.await();
                } catch (InterruptedException e) {
                    throw new IOException(e);
                }
                text("st").writeTo(channel);
            });
            return null;
        });
        new Thread(first).start();
        writing.await();
        try {
            IOException e = assertThrows(IOException.class, () -> AtomicFile.replace(target, text("second")));
            assertTrue(e.getMessage().contains("another call is replacing it"), e::getMessage);
        } finally {
            tried.countDown();
        }
        first.get();
        assertEquals("first", Files.readString(target));
        assertOnly(folder, "model.bin");
    }

    @Test
    void readersSeeOneContentOrTheOther() throws Exception {
        byte[] even = new byte[300_000];
        byte[] odd = new byte[100_000];
        Arrays.fill(odd, (byte) 1);
        Files.write(target, even);
        FutureTask<Void> writer = new FutureTask<>(() -> {
            for (int i = 0; i < 100; i++) {
                byte[] content = i % 2 == 0 ? odd : even;
                AtomicFile.replace(target, channel -> channel.write(ByteBuffer.wrap(content)));
            }
            return null;
        });
        new Thread(writer).start();
        while (!writer.isDone()) {
            byte[] found = Files.readAllBytes(target);
            assertArrayEquals(found.length == odd.length ? odd : even, found);
        }
        writer.get();
    }
}
