package dev.rondo.bench;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * A document of the repository and its Java blocks. A block with a class is a file of its own. One that begins with
 * {@code static}, after a line of comment or none, is a method of the page, for all of its blocks. Any other block is statements, and sees the names of the
 * first such block of its page. {@link #IMPORTS} stand before all of them.
 */
record DocumentPage(Path file, List<String> lines) {
    static final String IMPORTS = "import dev.rondo.*; import dev.rondo.io.*; import dev.rondo.layout.*;"
            + " import dev.rondo.train.*; import java.nio.*; import java.nio.file.*; import java.util.*;\n";

    private static final Pattern TYPE =
            Pattern.compile("^(public |final )*(class|record|interface) (\\w+)", Pattern.MULTILINE);

    /**
     * A block of code.
     *
     * @param line the line of the document where it begins, from 1
     * @param text the code
     */
    record Block(int line, String text) {
        /** The name of the class that it is; empty if it is none. */
        String typeName() {
            var matcher = TYPE.matcher(text);
            return matcher.find() ? matcher.group(3) : "";
        }

        boolean isMethod() {
            return text.replaceFirst("^/\\*\\*.*\n", "").startsWith("static ");
        }

        boolean isStatements() {
            return typeName().isEmpty() && !isMethod();
        }
    }

    /**
     * A file to compile.
     *
     * @param at where its block begins, for failures
     * @param className its class, with a package of the page
     * @param source the whole text
     */
    record Program(String at, String className, String source) {
        boolean hasMain() {
            return source.contains("static void main(");
        }
    }

    /** The folder of the whole project. */
    static Path root() {
        Path module = Path.of(System.getProperty("basedir", System.getProperty("user.dir")))
                .toAbsolutePath();
        return Files.exists(module.resolve("bench")) ? module : module.getParent();
    }

    /** All documents, without what is built. */
    static List<DocumentPage> all() throws IOException {
        Path root = root();
        List<DocumentPage> pages = new ArrayList<>();
        for (String folder : List.of("", "bench", "ci", "cpu-reference", "java-api", "kernels")) {
            try (Stream<Path> files = Files.walk(root.resolve(folder), folder.isEmpty() ? 1 : Integer.MAX_VALUE)) {
                files.filter(file -> file.toString().endsWith(".md"))
                        .filter(file -> !root.relativize(file).toString().contains("target"))
                        .sorted()
                        .map(DocumentPage::read)
                        .forEach(pages::add);
            }
        }
        return pages;
    }

    private static DocumentPage read(Path file) {
        try {
            return new DocumentPage(file, Files.readAllLines(file));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** Name and line, for failures. */
    String at(int line) {
        return root().relativize(file) + ":" + line;
    }

    /** The blocks that are marked as Java. */
    List<Block> javaBlocks() {
        List<Block> blocks = new ArrayList<>();
        for (int i = 0; i < lines.size(); i++) {
            if (lines.get(i).startsWith("```java")) {
                int start = i + 1;
                do {
                    i++;
                } while (i < lines.size() && !lines.get(i).startsWith("```"));
                blocks.add(new Block(start + 1, String.join("\n", lines.subList(start, i)) + "\n"));
            }
        }
        return blocks;
    }

    /** What its blocks are as files, in a package of the page. */
    List<Program> programs() {
        String packageName = root().relativize(file).toString().replaceAll("\\W", "_");
        List<Block> blocks = javaBlocks();
        StringBuilder methods = new StringBuilder();
        Block first = null;
        for (Block block : blocks) {
            if (block.isMethod()) {
                methods.append(block.text());
            } else if (first == null && block.isStatements()) {
                first = block;
            }
        }
        List<Program> programs = new ArrayList<>();
        for (Block block : blocks) {
            String name = block.isStatements() || block.isMethod() ? "Block" + block.line() : block.typeName();
            String source = block.text();
            if (block.isMethod()) {
                source = "class " + name + " {\n" + methods + "}\n";
            } else if (block.isStatements()) {
                String before = first == null || block == first ? "" : first.text();
                source = "class " + name + " {\npublic static void main(String[] args) throws Exception {\n" + before
                        + block.text() + "}\n" + methods + "}\n";
            }
            programs.add(new Program(
                    at(block.line()), packageName + "." + name, "package " + packageName + "; " + IMPORTS + source));
        }
        return programs;
    }
}
