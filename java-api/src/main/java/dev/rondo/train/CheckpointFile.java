package dev.rondo.train;

import dev.rondo.IntTensor;
import dev.rondo.ParameterLayout;
import dev.rondo.Parameters;
import dev.rondo.RnnState;
import dev.rondo.Tensor;
import dev.rondo.internal.Arguments;
import dev.rondo.io.FileFormatException;
import dev.rondo.io.Integrity;
import dev.rondo.io.Safetensors;
import dev.rondo.io.SafetensorsFile;
import dev.rondo.io.StoredTensor;
import java.io.Closeable;
import java.io.IOException;
import java.nio.file.Path;
import java.util.function.Function;

/**
 * A file that a {@link Checkpoint} was written to, open for reading, its checksum verified. Whatever is wrong with it is said by
 * a {@link FileFormatException} that names the file and what is wrong.
 */
public final class CheckpointFile implements Closeable {
    private final SafetensorsFile file;

    private CheckpointFile(SafetensorsFile file) {
        this.file = file;
    }

    /**
     * Opens a file.
     *
     * @param path where it is
     * @param format the format that it must have, see {@link Checkpoint#Checkpoint}
     * @return the file, owned by the caller
     * @throws IOException if it cannot be read, is damaged in any way, has another format or no checksum
     */
    public static CheckpointFile open(Path path, String format) throws IOException {
        Arguments.notNull("format", format);
        SafetensorsFile file = Safetensors.open(path, Integrity.IF_PRESENT);
        try {
            String found = file.metadata().get(Checkpoint.FORMAT_KEY);
            if (!format.equals(found)) {
                throw new FileFormatException(
                        path,
                        "expected a model of Rondo, with the metadata \"" + Checkpoint.FORMAT_KEY + "\" = \"" + format
                                + "\", got " + (found == null ? "a file without it" : "\"" + found + "\""));
            }
            if (file.checksum().isEmpty()) {
                throw new FileFormatException(
                        path, "expected a checksum in the metadata \"" + Safetensors.CHECKSUM_KEY + "\", got none");
            }
            return new CheckpointFile(file);
        } catch (IOException e) {
            file.close();
            throw e;
        }
    }

    /**
     * The file.
     *
     * @return its path
     */
    public Path path() {
        return file.path();
    }

    /**
     * Whether a value is there.
     *
     * @param key a key of the metadata
     * @return true if it is
     */
    public boolean hasValue(String key) {
        return file.metadata().containsKey(key);
    }

    /**
     * Whether a tensor is there.
     *
     * @param name the name of a tensor
     * @return true if it is
     */
    public boolean hasTensor(String name) {
        return file.contains(name);
    }

    /**
     * The number of tensors: no count that stands in the metadata can be larger.
     *
     * @return at least 0
     */
    public int tensorCount() {
        return file.tensors().size();
    }

    /**
     * A value of the metadata.
     *
     * @param key its key
     * @return the text
     * @throws FileFormatException if it is missing
     */
    public String value(String key) throws FileFormatException {
        return file.requireMetadata(key);
    }

    /**
     * A value of the metadata. What its parser refuses is a fault of the file.
     *
     * @param key its key
     * @param parser makes the value of its text, or throws an {@link IllegalArgumentException}
     * @param <T> the type of the value
     * @return what the parser made
     * @throws FileFormatException if it is missing or refused
     */
    public <T> T value(String key, Function<String, T> parser) throws FileFormatException {
        String text = value(key);
        try {
            return parser.apply(text);
        } catch (IllegalArgumentException e) {
            throw fault(key + ": got \"" + text + "\": " + e.getMessage());
        }
    }

    /**
     * A value of the metadata that counts something.
     *
     * @param key its key
     * @param max the largest that makes sense
     * @return 0 to {@code max}
     * @throws FileFormatException if it is missing, no integer or out of range
     */
    public long count(String key, long max) throws FileFormatException {
        long count = value(key, Long::valueOf);
        if (count < 0 || count > max) {
            throw fault(key + ": expected 0 to " + max + ", got " + count);
        }
        return count;
    }

    /**
     * A value of the metadata that says yes or no.
     *
     * @param key its key
     * @return whether it is {@code true}
     * @throws FileFormatException if it is missing, or neither {@code true} nor {@code false}
     */
    public boolean flag(String key) throws FileFormatException {
        String text = value(key);
        if (!text.equals("true") && !text.equals("false")) {
            throw fault(key + ": expected true or false, got \"" + text + "\"");
        }
        return text.equals("true");
    }

    /**
     * Checks that all weights of a layout are there, in their shapes: before memory is allocated for them.
     *
     * @param prefix comes before each name; may be empty
     * @param layout the names and shapes
     * @throws FileFormatException if one is missing or has another shape
     */
    public void require(String prefix, ParameterLayout layout) throws FileFormatException {
        for (ParameterLayout.Entry entry : layout.entries()) {
            stored(prefix + entry.name(), entry.shape());
        }
    }

    /**
     * Reads weights, each under its own name.
     *
     * @param prefix comes before each name; may be empty
     * @param target receives them
     * @throws IOException if one cannot be read, is missing or has another shape or type
     */
    public void read(String prefix, Parameters target) throws IOException {
        for (ParameterLayout.Entry entry : target.layout().entries()) {
            read(prefix + entry.name(), target.tensor(entry.name()));
        }
    }

    /**
     * Reads a tensor.
     *
     * @param name its name in the file
     * @param target receives its values
     * @throws IOException if it cannot be read, is missing or has another shape or type
     */
    public void read(String name, Tensor target) throws IOException {
        target.set(stored(name, target.shape()).toDoubleArray());
    }

    /**
     * Reads a tensor of integers.
     *
     * @param name its name in the file
     * @param target receives its values
     * @throws IOException if it cannot be read, is missing or has another shape or type
     */
    public void read(String name, IntTensor target) throws IOException {
        target.set(stored(name, target.shape()).toIntArray());
    }

    /**
     * Reads a state.
     *
     * @param name {@code NAME.h} and, where there is a cell state, {@code NAME.c} are the names in the file
     * @param target receives its values
     * @throws IOException if a part cannot be read, is missing or has another shape or type
     */
    public void read(String name, RnnState target) throws IOException {
        read(name + ".h", target.h());
        Tensor c = target.c();
        if (c != null) {
            read(name + ".c", c);
        }
    }

    /** A tensor as it stands in the file. */
    StoredTensor stored(String name) throws FileFormatException {
        return file.tensor(name);
    }

    private StoredTensor stored(String name, int[] shape) throws FileFormatException {
        return stored(name).requireShape(Checkpoint.longs(shape));
    }

    /**
     * What is wrong with the file.
     *
     * @param what which part, what was expected and what is there
     * @return an exception that names the file too, to be thrown
     */
    public FileFormatException fault(String what) {
        return new FileFormatException(path(), what);
    }

    @Override
    public void close() throws IOException {
        file.close();
    }
}
