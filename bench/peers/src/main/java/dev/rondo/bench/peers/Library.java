package dev.rondo.bench.peers;

import dev.rondo.Cell;
import dev.rondo.Mode;
import java.io.File;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** The libraries that are compared. Their classes are on the class path of their own JVM only. */
enum Library {
    /** Rondo's backend {@code cpu}. */
    RONDO,
    /** ONNX Runtime. */
    ONNXRUNTIME("onnxruntime"),
    /** oneDNN, called directly. */
    ONEDNN("dnnl"),
    /** PyTorch through the bindings of Bytedeco. */
    TORCH("pytorch"),
    /** PyTorch through DJL. */
    DJL("pytorch-engine", "pytorch-native-cpu"),
    /** Deeplearning4j. */
    DL4J("deeplearning4j-nn");

    /** System property: the folder of the files that say the class path of each library. */
    private static final String CLASSPATHS = "rondo.peers.classpaths";
    /** System property: the folder where libraries unpack their native code. */
    private static final String CACHES = "rondo.peers.caches";

    private final List<String> artifacts;

    Library(String... artifacts) {
        this.artifacts = List.of(artifacts);
    }

    /** Why a library cannot compute a case; empty if it can. */
    Optional<String> unsupported(RnnCase rnn) {
        if (this == ONNXRUNTIME && rnn.mode() == Mode.TRAINING) {
            return Optional.of("ONNX Runtime from Maven Central has no training");
        }
        if (this == DL4J && rnn.cell() == Cell.GRU) {
            return Optional.of("DL4J has no GRU layer");
        }
        return Optional.empty();
    }

    /** Makes the engine; in the JVM of this library. */
    Engine open(RnnCase rnn, RnnData data) throws Exception {
        return switch (this) {
            case RONDO -> new RondoEngine("cpu", rnn, data);
            case ONNXRUNTIME -> new OnnxRuntimeEngine(rnn, data);
            case ONEDNN -> new OneDnnEngine(rnn, data);
            case TORCH -> new TorchEngine(rnn, data);
            case DJL -> new DjlEngine(rnn, data);
            case DL4J -> new Dl4jEngine(rnn, data);
        };
    }

    /** The jars of this library, as a class path. */
    String classPath() throws IOException {
        if (this == RONDO) {
            return "";
        }
        return Files.readString(folder(CLASSPATHS).resolve("rondo-peers-" + this + ".classpath"))
                .strip();
    }

    /** Where this library unpacks its native code: versions of the same file must not meet. */
    Path cache() {
        return folder(CACHES).resolve(toString());
    }

    private static Path folder(String property) {
        String folder = System.getProperty(property);
        if (folder == null) {
            throw new IllegalArgumentException(property + " is not set: start with bench/peers/compare");
        }
        return Path.of(folder);
    }

    /** The version, as the names of the jars tell it. */
    String version() throws IOException {
        String[] jars = classPath().split(File.pathSeparator);
        return artifacts.stream()
                .map(artifact -> artifact + " " + version(artifact, jars))
                .collect(Collectors.joining(", "));
    }

    private static String version(String artifact, String... jars) {
        Pattern name = Pattern.compile(".*/" + Pattern.quote(artifact) + "-(\\d[^/]*?)(-linux-x86_64[^/]*)?\\.jar");
        for (String jar : jars) {
            Matcher matcher = name.matcher(jar);
            if (matcher.matches()) {
                return matcher.group(1);
            }
        }
        return "(unknown version)";
    }

    /** The name in options, tables and files. */
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
