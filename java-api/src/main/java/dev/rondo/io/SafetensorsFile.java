package dev.rondo.io;

import java.io.Closeable;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.Collections;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;

/**
 * An open safetensors file, verified by {@link Safetensors#open(Path, Integrity)}.
 *
 * <p>The file stays open, and tensors are read from it when they are asked for, so that it may be larger than the
 * memory. Replacing the file meanwhile, as {@link AtomicFile} does, does not disturb the reading: the old content
 * stays available here. Writing into the file in place does, and goes unnoticed.
 *
 * <p>Several threads may read at the same time. Interrupting a thread that reads closes the file.
 */
public final class SafetensorsFile implements Closeable {
    private static final int LISTED_NAMES = 10;

    private final Path path;
    private final FileChannel channel;
    private final Map<String, String> metadata;
    private final Optional<String> checksum;
    private final Map<String, StoredTensor> tensors;

    private SafetensorsFile(Path path, FileChannel channel, Integrity integrity) throws IOException {
        this.path = path;
        this.channel = channel;
        long size = channel.size();
        byte[] text = readHeader(size);
        long start = Long.BYTES + (long) text.length;
        Header header = Header.read(text, size - start, path);
        this.metadata = header.metadata();
        Map<String, StoredTensor> byName = new LinkedHashMap<>();
        for (Header.Entry entry : header.entries()) {
            byName.put(entry.name(), new StoredTensor(this, entry, start + entry.begin()));
        }
        this.tensors = Collections.unmodifiableMap(byName);
        this.checksum = Optional.ofNullable(header.checksum()).map(Header.Checksum::digits);
        Header.Checksum stated = header.checksum();
        if (stated != null) {
            verify(stated, text, size);
        } else if (integrity == Integrity.REQUIRED) {
            throw new FileFormatException(
                    path, "expected a checksum in the metadata " + Safetensors.CHECKSUM_KEY + ", found none");
        }
    }

    static SafetensorsFile open(Path path, Integrity integrity) throws IOException {
        if (Files.isDirectory(path)) {
            throw new FileSystemException(path.toString(), null, "expected a file, found a directory");
        }
        if (Files.exists(path) && !Files.isRegularFile(path)) {
            throw new FileSystemException(path.toString(), null, "expected a file, found a special file");
        }
        if (Files.notExists(path)) {
            throw new NoSuchFileException(path.toString(), null, "file does not exist");
        }
        FileChannel channel = FileChannel.open(path, StandardOpenOption.READ);
        try {
            return new SafetensorsFile(path, channel, integrity);
        } catch (Throwable t) {
            try {
                channel.close();
            } catch (IOException e) {
                t.addSuppressed(e);
            }
            throw t;
        }
    }

    /**
     * Returns the file's path.
     *
     * @return the path that the file was opened with
     */
    public Path path() {
        return path;
    }

    /**
     * Returns the metadata, less the checksum.
     *
     * @return an unmodifiable map in the order of the file
     */
    public Map<String, String> metadata() {
        return metadata;
    }

    /**
     * Returns a metadata value that has to be there.
     *
     * @param key the key
     * @return the value
     * @throws FileFormatException if the file has no such metadata
     */
    public String requireMetadata(String key) throws FileFormatException {
        String value = metadata.get(Objects.requireNonNull(key, "key"));
        if (value == null) {
            throw new FileFormatException(path, "expected metadata " + Json.quote(key) + ", found " + list(metadata));
        }
        return value;
    }

    /**
     * Returns the checksum that the file carries and that was found to be right.
     *
     * @return the SHA-256 in 64 lower-case hexadecimal digits, or empty if the file carries none
     */
    public Optional<String> checksum() {
        return checksum;
    }

    /**
     * Returns all tensors in the order of their content.
     *
     * @return an unmodifiable list
     */
    public List<StoredTensor> tensors() {
        return List.copyOf(tensors.values());
    }

    /**
     * Says whether the file has a tensor of a name.
     *
     * @param name the name
     * @return true if there is such a tensor
     */
    public boolean contains(String name) {
        return tensors.containsKey(Objects.requireNonNull(name, "name"));
    }

    /**
     * Returns the tensor of a name. Its content is not read yet.
     *
     * @param name the name
     * @return the tensor, readable until this file is closed
     * @throws FileFormatException if the file has no such tensor
     */
    public StoredTensor tensor(String name) throws FileFormatException {
        StoredTensor tensor = tensors.get(Objects.requireNonNull(name, "name"));
        if (tensor == null) {
            throw new FileFormatException(path, "expected a tensor " + Json.quote(name) + ", found " + list(tensors));
        }
        return tensor;
    }

    /**
     * Closes the file. Its tensors cannot be read any more; what has been read stays.
     *
     * @throws IOException if the operating system reports an error
     */
    @Override
    public void close() throws IOException {
        channel.close();
    }

    /** Fills a buffer with the bytes at a position of the file and leaves it ready to be read. */
    void read(ByteBuffer target, long position) throws IOException {
        long at = position;
        while (target.hasRemaining()) {
            int count = channel.read(target, at);
            if (count < 0) {
                throw new FileFormatException(
                        path,
                        "expected " + target.remaining() + " more bytes at " + at + ", found the end of the file");
            }
            at += count;
        }
        target.flip();
    }

    private byte[] readHeader(long size) throws IOException {
        if (size < Long.BYTES) {
            throw new FileFormatException(
                    path, "expected at least " + Long.BYTES + " bytes, found " + size + (size == 0 ? " (empty)" : ""));
        }
        ByteBuffer prefix = ByteBuffer.allocate(Long.BYTES).order(ByteOrder.LITTLE_ENDIAN);
        read(prefix, 0);
        long length = prefix.getLong();
        long limit = Math.min(Header.MAX_LENGTH, size - Long.BYTES);
        if (Long.compareUnsigned(length, limit) > 0) {
            throw new FileFormatException(
                    path,
                    "expected a header of at most " + limit + " bytes in a file of " + size + " bytes, found length "
                            + Long.toUnsignedString(length));
        }
        byte[] text = new byte[(int) length];
        read(ByteBuffer.wrap(text), Long.BYTES);
        return text;
    }

    /** Compares the checksum with the content. Zeroes the digits in the given header. */
    private void verify(Header.Checksum stated, byte[] header, long size) throws IOException {
        Arrays.fill(header, stated.index(), stated.index() + Header.CHECKSUM_DIGITS, (byte) '0');
        MessageDigest digest = Safetensors.newDigest();
        digest.update(ByteBuffer.allocate(Long.BYTES)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(header.length)
                .flip());
        digest.update(header);
        ByteBuffer piece = ByteBuffer.allocate(Safetensors.PIECE);
        for (long at = Long.BYTES + (long) header.length; at < size; at += piece.limit()) {
            piece.clear().limit((int) Math.min(piece.capacity(), size - at));
            read(piece, at);
            digest.update(piece.duplicate());
        }
        String found = HexFormat.of().formatHex(digest.digest());
        if (!found.equals(stated.digits())) {
            throw new FileFormatException(
                    path,
                    "the file is damaged: it states the checksum " + stated.digits() + ", its content has " + found);
        }
    }

    private static String list(Map<String, ?> named) {
        if (named.isEmpty()) {
            return "none at all";
        }
        return named.keySet().stream().limit(LISTED_NAMES).map(Json::quote).collect(Collectors.joining(", "))
                + (named.size() > LISTED_NAMES ? " and " + (named.size() - LISTED_NAMES) + " more" : "");
    }
}
