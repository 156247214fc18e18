package dev.rondo.io;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.channels.FileLock;
import java.nio.channels.OverlappingFileLockException;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.Objects;
import java.util.Optional;

/**
 * Replaces files atomically: whoever opens the file finds the old content or the new content, whole, also after a
 * crash of the program or of the machine in between.
 */
public final class AtomicFile {
    private static final int MAX_LINKS = 40;

    /** Writes the content of a file. */
    @FunctionalInterface
    public interface Content {
        /**
         * Writes the whole content to an empty file.
         *
         * @param channel the file, at position 0; to be left open
         * @throws IOException if the content cannot be written
         */
        void writeTo(FileChannel channel) throws IOException;
    }

    private AtomicFile() {}

    /**
     * Creates a file, or replaces it whole.
     *
     * <p>The content is written to a temporary file in the target's folder, named {@code .NAME.rondo-tmp} after the
     * target's {@code NAME}, forced to the storage device, moved over the target in one step, and the folder is forced
     * to the device where the platform can do that. The temporary file that a killed program left is overwritten by
     * the next call for the same target. After any error the temporary file is removed and the target is what it was.
     *
     * <p>A target that is a symbolic link stays one: the file that it points to is replaced. The new file has the
     * permissions of any newly created file. Of two calls for the same target at the same time, in one program or in
     * two, one fails.
     *
     * @param target the file; its folder must exist
     * @param content writes the content. A {@link RuntimeException} or {@link Error} from it is thrown on as it is,
     *     with a suppressed exception that names the target
     * @throws NoSuchFileException if the target's folder does not exist
     * @throws IOException if the target is something else than a file, is being replaced by another call, or cannot be
     *     written; the message names the target, the cause is the original exception
     */
    public static void replace(Path target, Content content) throws IOException {
        Objects.requireNonNull(target, "target");
        Objects.requireNonNull(content, "content");
        Path file = followLinks(target.toAbsolutePath());
        requireReplaceable(file, target);
        Path temporary = temporaryFor(file);
        try {
            writeAndMove(file, temporary, content);
        } catch (IOException e) {
            throw new IOException(target + ": cannot be replaced: " + e, e);
        } catch (RuntimeException | Error e) {
            e.addSuppressed(new IOException(target + ": was not replaced"));
            throw e;
        }
        forceFolder(file, target);
    }

    /** The name of the temporary file: fixed, so that none can pile up. */
    static Path temporaryFor(Path file) {
        return file.resolveSibling("." + file.getFileName() + ".rondo-tmp");
    }

    private static Path followLinks(Path target) throws IOException {
        Path file = target;
        for (int links = 0; Files.isSymbolicLink(file); links++) {
            if (links == MAX_LINKS) {
                throw new FileSystemException(target.toString(), null, "more than " + MAX_LINKS + " symbolic links");
            }
            file = file.resolveSibling(Files.readSymbolicLink(file));
        }
        return file;
    }

    private static void requireReplaceable(Path file, Path target) throws IOException {
        if (Files.isDirectory(file) || file.getFileName() == null) {
            throw new FileSystemException(target.toString(), null, "expected a file to replace, found a directory");
        }
        if (Files.exists(file) && !Files.isRegularFile(file)) {
            throw new FileSystemException(target.toString(), null, "expected a file to replace, found a special file");
        }
        Path folder = file.getParent();
        if (folder == null || !Files.isDirectory(folder)) {
            throw new NoSuchFileException(target.toString(), null, "folder does not exist: " + folder);
        }
        Path temporary = temporaryFor(file);
        if (Files.exists(temporary, LinkOption.NOFOLLOW_LINKS)
                && !Files.isRegularFile(temporary, LinkOption.NOFOLLOW_LINKS)) {
            throw new FileSystemException(target.toString(), null, "the temporary file is in the way: " + temporary);
        }
    }

    private static void writeAndMove(Path file, Path temporary, Content content) throws IOException {
        Optional<Object> before = identity(temporary);
        StandardOpenOption how = before.isPresent() ? StandardOpenOption.CREATE : StandardOpenOption.CREATE_NEW;
        try (FileChannel channel =
                FileChannel.open(temporary, StandardOpenOption.WRITE, how, LinkOption.NOFOLLOW_LINKS)) {
            lock(channel, temporary, before);
            try {
                channel.truncate(0);
                content.writeTo(channel);
                channel.force(true);
                Files.move(temporary, file, StandardCopyOption.ATOMIC_MOVE);
            } catch (Throwable t) {
                try {
                    Files.deleteIfExists(temporary);
                } catch (IOException e) {
                    t.addSuppressed(e);
                }
                throw t;
            }
        }
    }

    /** What tells a file from another one that has had the same name; empty if there is none. */
    private static Optional<Object> identity(Path temporary) throws IOException {
        try {
            BasicFileAttributes attributes =
                    Files.readAttributes(temporary, BasicFileAttributes.class, LinkOption.NOFOLLOW_LINKS);
            Object key = attributes.fileKey();
            return Optional.of(key != null ? key : temporary);
        } catch (NoSuchFileException e) {
            return Optional.empty();
        }
    }

    /**
     * Keeps two writers off the same temporary file. The lock goes with the channel. A file that was there before must be the
     * same one still: else another writer has moved it over the target in between, and the channel leads to the target.
     */
    private static void lock(FileChannel channel, Path temporary, Optional<Object> before) throws IOException {
        FileLock lock;
        try {
            lock = channel.tryLock();
        } catch (OverlappingFileLockException e) {
            lock = null;
        } catch (IOException e) {
            return; // a file system without locks
        }
        Optional<Object> after = identity(temporary);
        if (lock == null || after.isEmpty() || before.isPresent() && !after.equals(before)) {
            throw new IOException("another call is replacing it at the same time");
        }
    }

    /** Makes the move itself durable. Platforms that cannot open a folder, as Windows, go without. */
    private static void forceFolder(Path file, Path target) throws IOException {
        FileChannel folder;
        try {
            folder = FileChannel.open(file.getParent(), StandardOpenOption.READ);
        } catch (IOException e) {
            return;
        }
        try (folder) {
            folder.force(true);
        } catch (IOException e) {
            throw new IOException(target + ": is replaced, but the folder could not be forced to the device: " + e, e);
        }
    }
}
