package dev.rondo.io;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HexFormat;

/** Safetensors files put together byte by byte, without the code under test. */
final class RawFile {
    private RawFile() {}

    /** Length, header, data. */
    static byte[] of(byte[] header, byte... data) {
        return of(header.length, header, data);
    }

    /** Length, header, data, where the header's characters stand for bytes. */
    static byte[] of(String header, byte... data) {
        return of(header.getBytes(StandardCharsets.ISO_8859_1), data);
    }

    /** Stated length, header, data. */
    static byte[] of(long statedLength, byte[] header, byte... data) {
        return ByteBuffer.allocate(8 + header.length + data.length)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(statedLength)
                .put(header)
                .put(data)
                .array();
    }

    static byte[] sha256(byte[] bytes) throws Exception {
        return MessageDigest.getInstance("SHA-256").digest(bytes);
    }

    /** A copy of a file with its run of 64 zero digits replaced by the checksum. */
    static byte[] withChecksum(byte[] file) throws Exception {
        String zeros = "0".repeat(64);
        String text = new String(file, StandardCharsets.ISO_8859_1);
        return text.replaceFirst(zeros, HexFormat.of().formatHex(sha256(file))).getBytes(StandardCharsets.ISO_8859_1);
    }
}
