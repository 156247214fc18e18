package dev.rondo.io;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every rule of the format, broken. */
class SafetensorsStrictnessTest {
    private static final String ZEROS = "0".repeat(64);

    @TempDir
    Path folder;

    /** The problem has ' in place of ". */
    private void assertRefused(byte[] content, String problem) throws IOException {
        Path path = folder.resolve("strict.safetensors");
        Files.write(path, content);
        FileFormatException e = assertThrows(
                FileFormatException.class, () -> Safetensors.open(path).close());
        assertTrue(e.getMessage().startsWith(path + ": "), e::getMessage);
        assertTrue(
                e.getMessage().replace('"', '\'').contains(problem),
                () -> "expected <" + problem + "> in: " + e.getMessage());
    }

    /** The header and the problem have ' in place of "; the header stands in front of four bytes of data. */
    private void assertHeaderRefused(String header, String problem) throws IOException {
        assertRefused(RawFile.of(header.replace('\'', '"'), new byte[4]), problem);
    }

    /** The description of tensor t, the only one, in front of four bytes of data. */
    private void assertTensorRefused(String description, String problem) throws IOException {
        assertHeaderRefused("{'t':{" + description + "}}", problem);
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, 7})
    void lengthIsWhole(int size) throws IOException {
        assertRefused(new byte[size], "expected at least 8 bytes, found " + size);
    }

    @ParameterizedTest
    @ValueSource(
            longs = {7, 8, 100_000_000, 1L << 31, 1L << 32, Long.MAX_VALUE - 8, Long.MAX_VALUE, -1, Long.MIN_VALUE})
    void headerFitsInTheFile(long length) throws IOException {
        assertRefused(
                RawFile.of(length, "{}    ".getBytes(StandardCharsets.US_ASCII)),
                "expected a header of at most 6 bytes in a file of 14 bytes, found length "
                        + Long.toUnsignedString(length));
    }

    @Test
    void headerIsAtMostHundredMegabytes() throws IOException {
        Path path = folder.resolve("long.safetensors");
        Files.write(path, RawFile.of(100_000_001L, new byte[0]));
        try (var channel = FileChannel.open(path, StandardOpenOption.WRITE)) {
            channel.write(ByteBuffer.wrap(new byte[1]), 200_000_000);
        }
        FileFormatException e = assertThrows(FileFormatException.class, () -> Safetensors.open(path));
        assertTrue(e.getMessage().contains("at most 100000000 bytes"), e::getMessage);
    }

    @Test
    void headerBeginsWithBrace() throws IOException {
        assertRefused(RawFile.of(""), "expected the header to begin with '{', found an empty header");
        assertHeaderRefused(" {}", "begin with '{', found byte 0x20");
        assertHeaderRefused("[]", "begin with '{', found byte 0x5b");
        assertRefused(RawFile.of("\u00ef\u00bb\u00bf{}"), "begin with '{', found byte 0xef");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "{|header byte 1: expected a name in the header, a string, found the end of the header",
                "{]|expected a name in the header, a string, found ']'",
                "{,}|expected a name in the header, a string, found ','",
                "{1:2}|expected a name in the header, a string, found '1'",
                "{'a'}|expected ':' after the name 'a', found '}'",
                "{'a':1}|expected tensor 'a', an object, found '1'",
                "{'a':null}|expected tensor 'a', an object, found 'n'",
                "{'a':[]}|expected tensor 'a', an object, found '['",
                "{'__metadata__':null}|expected the metadata, an object, found 'n'",
                "{'__metadata__':{'a':1}}|expected the metadata 'a', a string, found '1'",
                "{'__metadata__':{'a':null}}|expected the metadata 'a', a string, found 'n'",
                "{'__metadata__':{'a':{}}}|expected the metadata 'a', a string, found '{'",
                "{'__metadata__':{'a':'b',}}|expected a name in the metadata, a string, found '}'",
                "{'__metadata__':{'a':'b' 'c':'d'}}|expected ',' or '}' in the metadata, found '''",
                "{'__metadata__':{'a':'b','a':'b'}}|name 'a' appears twice in the metadata",
                "{'__metadata__':{'a':'b','\\u0061':'c'}}|name 'a' appears twice in the metadata",
                "{'__metadata__':{},'__metadata__':{}}|name '__metadata__' appears twice in the header",
                "{'__metadata__':{}}}|nothing but white space after the object, found '}'",
                "{'__metadata__':{}}{}|nothing but white space after the object, found '{'",
                "{'__metadata__':{}} x|nothing but white space after the object, found 'x'",
                "{'__metadata__':{}};|nothing but white space after the object, found ';'",
                "{'__metadata__':{'a':'b}}|string for the metadata 'a' has no end",
                "{'__metadata__':{'a':'\\|string for the metadata 'a' has no end",
                "{'__metadata__':{'a':'\\x'}}|unknown escape \\ with 'x'",
                "{'__metadata__':{'a':'\\U0041'}}|unknown escape \\ with 'U'",
                "{'__metadata__':{'a':'\\u12g4'}}|escape \\u without four hexadecimal digits",
                "{'__metadata__':{'a':'\\u123'}}|escape \\u without four hexadecimal digits",
                "{'__metadata__':{'a':'\\u+123'}}|escape \\u without four hexadecimal digits",
                "{'__metadata__':{'a':'\\ud800'}}|half of a surrogate pair",
                "{'__metadata__':{'a':'\\udc00\\ud800'}}|half of a surrogate pair",
                "{/**/}|expected a name in the header, a string, found '/'",
                "{'t':{}}|tensor 't': dtype is missing",
                "{'t':{'dtype':'F32'}}|tensor 't': shape is missing",
                "{'t':{'dtype':'F32','shape':[1]}}|tensor 't': data_offsets is missing",
                "{'t':{'shape':[1],'data_offsets':[0,4]}}|tensor 't': dtype is missing",
            })
    void jsonIsStrict(String header, String problem) throws IOException {
        assertHeaderRefused(header, problem);
    }

    @ParameterizedTest
    @CsvSource({
        "'80'",
        "'c0 80'",
        "'c3'",
        "'c3 28'",
        "'ed a0 80'",
        "'f4 90 80 80'",
        "'f8 88 80 80 80'",
        "'ff'",
        "'e2 82'"
    })
    void utf8IsValid(String hex) throws IOException {
        String bad = new String(HexFormat.ofDelimiter(" ").parseHex(hex), StandardCharsets.ISO_8859_1);
        assertHeaderRefused("{'__metadata__':{'a':'" + bad + "'}}", "metadata 'a' is not valid UTF-8");
        assertHeaderRefused("{'__metadata__':{'" + bad + "':''}}", "a name in the metadata is not valid UTF-8");
        assertHeaderRefused("{'x" + bad + "x':{}}", "a name in the header is not valid UTF-8");
        assertHeaderRefused(
                "{'__metadata__':{'a':'" + "long ".repeat(1000) + bad + "x'}}", "metadata 'a' is not valid UTF-8");
        assertHeaderRefused("{}" + bad, "found byte 0x" + hex.substring(0, 2));
    }

    @Test
    void controlCharactersAreEscaped() throws IOException {
        for (char c = 0; c < ' '; c++) {
            assertHeaderRefused("{'__metadata__':{'a':'x" + c + "'}}", "is not escaped");
        }
        assertHeaderRefused("{'__metadata__':{'a':'\\\n'}}", "unknown escape");
        assertHeaderRefused("{\u000b}", "found byte 0x0b");
        assertHeaderRefused("{\u00a0}", "found byte 0xa0");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "-1|found '-'",
                "-0|found '-'",
                "1.0|found '1'",
                "1e0|found '1'",
                "1E0|found '1'",
                "01|without leading zeros",
                "00|without leading zeros",
                "+1|found '+'",
                "0x1|expected ',' or ']'",
                "1 1|expected ',' or ']'",
                "1,|found ']'",
                ",1|found ','",
                "[1]|found '['",
                "null|found 'n'",
                "true|found 't'",
                "NaN|found 'N'",
                "'1'|found '''",
                "9223372036854775808|is greater than 9223372036854775807",
                "18446744073709551617|is greater than 9223372036854775807",
                "100000000000000000000000000000000000000|is greater than 9223372036854775807",
            })
    void integersArePlain(String integer, String problem) throws IOException {
        assertTensorRefused("'dtype':'F32','shape':[" + integer + "],'data_offsets':[0,4]", problem);
        assertTensorRefused("'dtype':'F32','data_offsets':[" + integer + "],'shape':[1]", problem);
    }

    @Test
    void tensorHasItsThreeMembersOnly() throws IOException {
        String whole = "'dtype':'F32','shape':[1],'data_offsets':[0,4]";
        assertTensorRefused(whole + ",'x':1", "tensor 't': expected dtype, shape and data_offsets only, found 'x'");
        assertTensorRefused(whole + ",'shape':[1]", "name 'shape' appears twice in tensor 't'");
        assertTensorRefused("'Dtype':'F32','shape':[1],'data_offsets':[0,4]", "only, found 'Dtype'");
        assertHeaderRefused("{'t':{" + whole + "},'t':{" + whole + "}}", "name 't' appears twice in the header");
    }

    @Test
    void dtypeIsKnown() throws IOException {
        assertTensorRefused("'dtype':'F33','shape':[1],'data_offsets':[0,4]", "tensor 't': unknown dtype 'F33'");
        assertTensorRefused("'dtype':'f32','shape':[1],'data_offsets':[0,4]", "tensor 't': unknown dtype 'f32'");
        assertTensorRefused("'dtype':'','shape':[1],'data_offsets':[0,4]", "unknown dtype ''");
        assertTensorRefused("'dtype':1,'shape':[1],'data_offsets':[0,4]", "t': dtype, a string, found '1'");
        assertTensorRefused(
                "'dtype':'" + "\\u0007x".repeat(1000) + "','shape':[1],'data_offsets':[0,4]", "x\\u0007x'...");
    }

    @Test
    void sizeFollowsFromTypeAndShape() throws IOException {
        assertTensorRefused(
                "'dtype':'F32','shape':[2],'data_offsets':[0,4]",
                "F32 of shape [2] takes 8 bytes, but data_offsets [0, 4] give 4");
        assertTensorRefused("'dtype':'F64','shape':[],'data_offsets':[0,4]", "F64 of shape [] takes 8 bytes");
        assertTensorRefused("'dtype':'F32','shape':[0],'data_offsets':[0,4]", "F32 of shape [0] takes 0 bytes");
        assertTensorRefused("'dtype':'F4','shape':[7],'data_offsets':[0,4]", "not a whole number of bytes");
        assertTensorRefused(
                "'dtype':'F32','shape':[4294967296,4294967296],'data_offsets':[0,0]",
                "has no valid size: long overflow");
        assertTensorRefused("'dtype':'F32','shape':[9223372036854775807],'data_offsets':[0,4]", "has no valid size");
        assertTensorRefused(
                "'dtype':'F32','shape':[4611686018427387904,4,0],'data_offsets':[0,0]", "has no valid size");
        String ones = "1" + ",1".repeat(63);
        assertTensorRefused(
                "'dtype':'F32','shape':[" + ones + ",1],'data_offsets':[0,4]", "shape has more than 64 entries");
        assertDoesNotThrow(() -> Header.read(
                ("{\"t\":{\"dtype\":\"F32\",\"shape\":[" + ones + "],\"data_offsets\":[0,4]}}")
                        .getBytes(StandardCharsets.UTF_8),
                4,
                folder));
    }

    @Test
    void offsetsAreAPair() throws IOException {
        String start = "'dtype':'F32','shape':[1],'data_offsets':";
        assertTensorRefused(start + "[]", "with begin <= end, found []");
        assertTensorRefused(start + "[4]", "with begin <= end, found [4]");
        assertTensorRefused(start + "[0,4,8]", "data_offsets has more than 2 entries");
        assertTensorRefused(start + "[4,0]", "with begin <= end, found [4, 0]");
        assertTensorRefused(start + "{}", "data_offsets, a list of integers, found '{'");
    }

    @Test
    void tensorsCoverTheData() throws IOException {
        assertHeaderRefused("{}", "expected 0 bytes of data after the header, the end of the last tensor, found 4");
        assertTensorRefused(
                "'dtype':'U8','shape':[3],'data_offsets':[0,3]", "expected 3 bytes of data after the header");
        assertTensorRefused(
                "'dtype':'U8','shape':[5],'data_offsets':[0,5]", "expected 5 bytes of data after the header");
        assertTensorRefused("'dtype':'U8','shape':[3],'data_offsets':[1,4]", "begin at offset 0", "found 1 (hole)");
        String first = "'a':{'dtype':'U8','shape':[2],'data_offsets':[0,2]}";
        assertHeaderRefused(
                "{'b':{'dtype':'U8','shape':[1],'data_offsets':[3,4]}," + first + "}",
                "tensor 'b': expected its data to begin at offset 2, where the data before it ends, found 3 (hole)");
        assertHeaderRefused("{'b':{'dtype':'U8','shape':[3],'data_offsets':[1,4]}," + first + "}", "found 1 (overlap)");
        assertHeaderRefused("{'b':{'dtype':'U8','shape':[2],'data_offsets':[0,2]}," + first + "}", "found 0 (overlap)");
        assertTensorRefused(
                "'dtype':'U8','shape':[9223372036854775807],'data_offsets':[0,9223372036854775807]",
                "has no valid size");
        assertTensorRefused(
                "'dtype':'U8','shape':[1152921504606846975],'data_offsets':[0,1152921504606846975]",
                "expected 1152921504606846975 bytes of data");
    }

    private void assertTensorRefused(String description, String problem, String other) throws IOException {
        assertTensorRefused(description, problem);
        assertTensorRefused(description, other);
    }

    @Test
    void checksumIsRight() throws Exception {
        String header = "{\"__metadata__\":{\"rondo.sha256\":\"" + ZEROS + "\"}}";
        assertRefused(RawFile.of(header), "the file is damaged: it states the checksum " + ZEROS);
        String problem = "expected 64 lower-case hexadecimal digits";
        assertRefused(RawFile.of(header.replace(ZEROS, "")), problem);
        assertRefused(RawFile.of(header.replace(ZEROS, ZEROS + "0")), problem);
        assertRefused(RawFile.of(header.replace(ZEROS, "A" + ZEROS.substring(1))), problem);
        assertRefused(RawFile.of(header.replace(ZEROS, "\\u0030" + ZEROS.substring(1))), problem);
        assertRefused(RawFile.of(header.replace(ZEROS, "\\u0030" + ZEROS.substring(6))), problem);
        Path path = folder.resolve("right.safetensors");
        Files.write(path, RawFile.withChecksum(RawFile.of(header)));
        assertDoesNotThrow(() -> Safetensors.open(path, Integrity.REQUIRED).close());
        Files.write(path, RawFile.withChecksum(RawFile.of(header.replace("rondo.sha256", "\\u0072ondo.sha256"))));
        assertDoesNotThrow(() -> Safetensors.open(path, Integrity.REQUIRED).close());
    }

    @Test
    void checksumIsThere() throws IOException {
        Path path = folder.resolve("without.safetensors");
        Files.write(path, RawFile.of("{}"));
        assertDoesNotThrow(() -> Safetensors.open(path).close());
        FileFormatException e =
                assertThrows(FileFormatException.class, () -> Safetensors.open(path, Integrity.REQUIRED));
        assertEquals(path + ": expected a checksum in the metadata rondo.sha256, found none", e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(strings = {"{\"a\":", "[", "{\"__metadata__\":{\"a\":", "{\"a\":{\"shape\":["})
    void nestingIsThatOfTheFormat(String opening) throws IOException {
        assertRefused(RawFile.of("{\"a\":" + opening.repeat(1_000_000)), "expected ");
        assertRefused(RawFile.of("{\"a\":{\"shape\":[" + opening.repeat(1_000_000)), "header byte ");
    }

    @Test
    void stringsAreBounded() throws IOException {
        String longest = "x".repeat(1 << 24);
        assertDoesNotThrow(() -> Header.read(
                ("{\"__metadata__\":{\"a\":\"" + longest + "\"}}").getBytes(StandardCharsets.UTF_8), 0, folder));
        assertHeaderRefused(
                "{'__metadata__':{'a':'" + longest + "x'}}",
                "string for the metadata 'a' is longer than 16777216 bytes");
    }

    @Test
    void entriesAreFew() throws IOException {
        StringBuilder header = new StringBuilder("{\"__metadata__\":{\"0\":\"\"");
        for (int i = 1; i <= 1_000_000; i++) {
            header.append(",\"").append(Integer.toString(i, 36)).append("\":\"\"");
        }
        assertRefused(RawFile.of(header + "}}"), "more than 1000000 tensors and metadata entries");
    }
}
