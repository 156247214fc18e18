package dev.rondo.bench;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonParser;
import com.fasterxml.jackson.core.JsonToken;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** A JSON file as maps, lists, strings, numbers and booleans, with a way to walk through it. */
public final class JsonTree {
    private final @Nullable Object value;

    private JsonTree(@Nullable Object value) {
        this.value = value;
    }

    public static JsonTree read(Path file) throws IOException {
        try (JsonParser parser = new JsonFactory().createParser(Files.readAllBytes(file))) {
            parser.nextToken();
            JsonTree tree = new JsonTree(value(parser));
            if (parser.nextToken() != null) {
                throw new IOException(file + ": expected one value, got more");
            }
            return tree;
        }
    }

    private static @Nullable Object value(JsonParser parser) throws IOException {
        switch (parser.currentToken()) {
            case START_OBJECT:
                Map<String, Object> map = new LinkedHashMap<>();
                while (parser.nextToken() != JsonToken.END_OBJECT) {
                    String name = parser.currentName();
                    parser.nextToken();
                    map.put(name, value(parser));
                }
                return map;
            case START_ARRAY:
                List<Object> list = new ArrayList<>();
                while (parser.nextToken() != JsonToken.END_ARRAY) {
                    list.add(value(parser));
                }
                return list;
            case VALUE_NUMBER_INT, VALUE_NUMBER_FLOAT:
                return parser.getDoubleValue();
            case VALUE_TRUE, VALUE_FALSE:
                return parser.getBooleanValue();
            case VALUE_NULL:
                return null;
            default:
                return parser.getText();
        }
    }

    public boolean has(String name) {
        return value instanceof Map<?, ?> map && map.get(name) != null;
    }

    public JsonTree at(String name) {
        if (!has(name)) {
            throw new IllegalArgumentException("expected a field " + name + " in " + value);
        }
        return new JsonTree(((Map<?, ?>) value).get(name));
    }

    public List<JsonTree> list() {
        return ((List<?>) value).stream().map(JsonTree::new).toList();
    }

    public String text() {
        return String.valueOf(value);
    }

    public double number() {
        return (Double) value;
    }

    public boolean isTrue() {
        return Boolean.TRUE.equals(value);
    }

    /** A list of numbers. */
    public double[] numbers() {
        return list().stream().mapToDouble(JsonTree::number).toArray();
    }
}
