package dev.rondo.io;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.Arrays;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * Writes and opens files of the <a href="https://github.com/huggingface/safetensors">safetensors</a> format: the
 * length N of the header as an unsigned 64-bit little-endian integer, N bytes of JSON header, and the tensors' bytes.
 *
 * <p><b>Layout written.</b> The header begins with the metadata, the checksum first and the rest sorted by key, lists
 * the tensors in the order of their content and is padded with spaces to a multiple of 8 bytes. As the reference
 * implementation does it, the content is ordered by element type, the last constant of {@link ElementType} first, and
 * then by name (the bytes of its UTF-8 form). So every tensor begins at a multiple of its element size, and equal
 * input gives equal bytes.
 *
 * <p><b>Checksum.</b> Every written file carries, as metadata {@value #CHECKSUM_KEY}, the SHA-256 of the whole file,
 * taken with the digits of the checksum themselves as the character 0. With {@link Integrity#REQUIRED} any change
 * of the file is found when it is opened. The checksum tells damage, not intent: who changes a file can also give it a
 * new checksum. A program that rewrites the file and hands its metadata on keeps a checksum that is no longer right;
 * such a file is refused.
 */
public final class Safetensors {
    /** The metadata key of the checksum: {@value}. It is reserved for the checksum. */
    public static final String CHECKSUM_KEY = "rondo.sha256";

    /** Size in bytes of the pieces in which content is written, read and hashed. */
    static final int PIECE = 1 << 16;

    private Safetensors() {}

    /**
     * Writes tensors to a file, in place of the file that may be there. The file is replaced atomically, as
     * {@link AtomicFile#replace} says: after an error or a crash the old file is still whole.
     *
     * @param target the file to create or to replace
     * @param tensors the tensors, with distinct names
     * @param metadata text to go with them, without the key {@value #CHECKSUM_KEY}
     * @throws IllegalArgumentException if a name appears twice, the metadata cannot be written or a bound of the
     *     format is exceeded (header of 100 MB, 1000000 tensors and metadata entries, 16 MiB of a name or text);
     *     nothing is written then
     * @throws IOException if the file cannot be written; the old file is left as it was
     */
    public static void write(Path target, Collection<NamedTensor> tensors, Map<String, String> metadata)
            throws IOException {
        Objects.requireNonNull(target, "target");
        Objects.requireNonNull(tensors, "tensors");
        Map<String, String> checkedMetadata = requireWritable(Objects.requireNonNull(metadata, "metadata"));
        List<NamedTensor> ordered = tensors.stream()
                .sorted(Comparator.comparing(NamedTensor::type)
                        .reversed()
                        .thenComparing(
                                tensor -> tensor.name().getBytes(StandardCharsets.UTF_8), Arrays::compareUnsigned))
                .toList();
        Set<String> names = new HashSet<>();
        for (NamedTensor tensor : ordered) {
            if (!names.add(tensor.name())) {
                throw new IllegalArgumentException("tensor name " + Json.quote(tensor.name()) + " appears twice");
            }
        }
        byte[] header = Header.write(ordered, checkedMetadata);
        AtomicFile.replace(target, channel -> writeContent(channel, header, ordered));
    }

    /**
     * Opens a file for reading, its checksum verified if it has one. The same as {@link #open(Path, Integrity)} with
     * {@link Integrity#IF_PRESENT}.
     *
     * @param file the file
     * @return the open file, to be closed by the caller
     * @throws FileFormatException if the file is not a valid safetensors file or its checksum is wrong
     * @throws IOException if the file does not exist or cannot be read
     */
    public static SafetensorsFile open(Path file) throws IOException {
        return open(file, Integrity.IF_PRESENT);
    }

    /**
     * Opens a file for reading. When this returns, the whole header has been verified against the format and the size
     * of the file, and the checksum, if there is one, against every byte of the file. Tensors are then read when they
     * are asked for.
     *
     * <p>The checks are those of the reference implementation and some more: the header is at most 100 MB and no
     * longer than the file, begins with '{' and is strict JSON in UTF-8 without duplicate names; metadata are strings;
     * a tensor has exactly dtype, shape and data_offsets, at most 64 dimensions, and a size that follows from its type
     * and shape; the tensors cover the bytes after the header without holes, overlaps or remainder; there are at most
     * 1000000 tensors and metadata entries, and no name or text is longer than 16 MiB. Nothing is allocated on the word
     * of the file alone: the header takes a small multiple of the size that it really has, the content takes nothing.
     *
     * @param file the file
     * @param integrity whether the file must carry a checksum
     * @return the open file, to be closed by the caller
     * @throws FileFormatException if the file is not a valid safetensors file, its checksum is wrong, or it has none
     *     and one is required
     * @throws IOException if the file does not exist or cannot be read
     */
    public static SafetensorsFile open(Path file, Integrity integrity) throws IOException {
        return SafetensorsFile.open(
                Objects.requireNonNull(file, "file"), Objects.requireNonNull(integrity, "integrity"));
    }

    static MessageDigest newDigest() {
        try {
            return MessageDigest.getInstance("SHA-256");
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("every Java platform has SHA-256", e);
        }
    }

    private static Map<String, String> requireWritable(Map<String, String> metadata) {
        Map<String, String> copy = Map.copyOf(metadata);
        copy.forEach((key, value) -> {
            if (key.equals(CHECKSUM_KEY)) {
                throw new IllegalArgumentException("metadata key " + CHECKSUM_KEY + " is reserved for the checksum");
            }
            if (!Json.isWellFormed(key) || !Json.isWellFormed(value)) {
                throw new IllegalArgumentException(
                        "metadata " + Json.quote(key) + " cannot be written: a surrogate lacks its partner");
            }
        });
        return copy;
    }

    private static void writeContent(FileChannel channel, byte[] header, List<NamedTensor> tensors) throws IOException {
        MessageDigest digest = newDigest();
        ByteBuffer start = ByteBuffer.allocate(Long.BYTES + header.length).order(ByteOrder.LITTLE_ENDIAN);
        start.putLong(header.length).put(header).flip();
        writeHashed(channel, start, digest);
        ByteBuffer piece = ByteBuffer.allocate(PIECE).order(ByteOrder.LITTLE_ENDIAN);
        for (NamedTensor tensor : tensors) {
            int step = PIECE / tensor.unitWidth();
            int count;
            for (int from = 0; from < tensor.unitCount(); from += count) {
                count = Math.min(step, tensor.unitCount() - from);
                tensor.encode(from, count, piece);
                writeHashed(channel, piece, digest);
            }
        }
        String digits = HexFormat.of().formatHex(digest.digest());
        channel.position(Long.BYTES + Header.checksumIndex());
        writeFully(channel, ByteBuffer.wrap(digits.getBytes(StandardCharsets.US_ASCII)));
    }

    private static void writeHashed(FileChannel channel, ByteBuffer piece, MessageDigest digest) throws IOException {
        digest.update(piece.duplicate());
        writeFully(channel, piece);
    }

    private static void writeFully(FileChannel channel, ByteBuffer piece) throws IOException {
        while (piece.hasRemaining()) {
            channel.write(piece);
        }
    }
}
