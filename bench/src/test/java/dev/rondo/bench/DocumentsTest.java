package dev.rondo.bench;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.StringWriter;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.net.URI;
import java.net.URL;
import java.net.URLClassLoader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import javax.tools.JavaCompiler;
import javax.tools.SimpleJavaFileObject;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Model.OptionSpec;

/** What the documents show works: their programs compile and run, their commands and options exist, their links lead somewhere. */
class DocumentsTest {
    private static final Pattern CALL = Pattern.compile("bench/rondo ([a-z]+)([^`]*)");
    private static final Pattern OPTION = Pattern.compile("(?<![\\w-])--[a-z][a-z-]*");
    private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)|(?:src|srcset)=\"([^\"]+)\"");

    @TestFactory
    Stream<DynamicTest> programsCompileAndRun(@TempDir Path classes) throws Exception {
        List<DocumentPage.Program> programs = new ArrayList<>();
        for (DocumentPage page : DocumentPage.all()) {
            programs.addAll(page.programs());
        }
        assertTrue(programs.size() >= 10, "expected the programs of the documents, got " + programs.size());
        compile(programs, classes);
        return programs.stream()
                .filter(DocumentPage.Program::hasMain)
                .map(program -> DynamicTest.dynamicTest(program.at(), () -> run(program.className(), classes)));
    }

    private static void compile(List<DocumentPage.Program> programs, Path classes) {
        JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        String path = Stream.of("java.class.path", "jdk.module.path")
                .map(System::getProperty)
                .filter(part -> part != null && !part.isEmpty())
                .collect(Collectors.joining(File.pathSeparator));
        List<String> options =
                List.of("-Werror", "-Xlint:all,-path", "-proc:none", "-cp", path, "-d", classes.toString());
        List<Source> sources = programs.stream().map(Source::new).toList();
        StringWriter messages = new StringWriter();
        assertTrue(
                compiler.getTask(messages, null, null, options, null, sources).call(),
                () -> "programs of the documents do not compile:\n" + messages);
    }

    /** A program as the compiler reads it. Its messages name the document; the line is counted from that of the block. */
    private static final class Source extends SimpleJavaFileObject {
        private final DocumentPage.Program program;

        Source(DocumentPage.Program program) {
            super(URI.create("string:///" + program.className().replace('.', '/') + ".java"), Kind.SOURCE);
            this.program = program;
        }

        @Override
        public CharSequence getCharContent(boolean ignoreEncodingErrors) {
            return program.source();
        }

        @Override
        public String getName() {
            return program.at();
        }
    }

    private static void run(String className, Path classes) throws Exception {
        URL[] path = {classes.toUri().toURL()};
        try (URLClassLoader loader = new URLClassLoader(path, DocumentsTest.class.getClassLoader())) {
            Method main = loader.loadClass(className).getDeclaredMethod("main", String[].class);
            main.setAccessible(true);
            main.invoke(null, (Object) new String[0]);
        } catch (InvocationTargetException e) {
            throw new AssertionError(e.getCause().toString(), e.getCause());
        }
    }

    @Test
    void callsOfTheCommandHaveTheOptionsThatTheyName() throws Exception {
        Map<String, CommandLine> commands = new CommandLine(new Rondo()).getSubcommands();
        int calls = 0;
        for (DocumentPage page : DocumentPage.all()) {
            for (int i = 0; i < page.lines().size(); i++) {
                String line = page.lines().get(i);
                for (int next = i + 1;
                        line.endsWith("\\") && next < page.lines().size();
                        next++) {
                    line = line.substring(0, line.length() - 1) + page.lines().get(next);
                }
                Matcher call = CALL.matcher(line);
                while (call.find()) {
                    String at = page.at(i + 1);
                    CommandLine command = commands.get(call.group(1));
                    assertTrue(command != null, () -> at + ": there is no command rondo " + call.group(1));
                    // In a table the options of a command have a cell of their own.
                    String rest = line.startsWith("|") ? line : call.group(2);
                    assertOptions(at, command, rest);
                    calls++;
                }
            }
        }
        assertTrue(calls >= 10, "expected calls of the command, got " + calls);
    }

    private static void assertOptions(String at, CommandLine command, String text) {
        Matcher option = OPTION.matcher(text);
        while (option.find()) {
            String name = option.group();
            assertTrue(
                    options(command).stream()
                            .anyMatch(known -> List.of(known.names()).contains(name)),
                    () -> at + ": rondo " + command.getCommandName() + " has no option " + name);
        }
    }

    /** The options of a command, and of the commands that it has. */
    private static List<OptionSpec> options(CommandLine command) {
        List<OptionSpec> options = new ArrayList<>(command.getCommandSpec().options());
        for (CommandLine part : command.getSubcommands().values()) {
            options.addAll(options(part));
        }
        return options;
    }

    /** The page of the command has every option of every command, and no other. */
    @Test
    void thePageOfTheCommandHasItsOptions() throws Exception {
        String page = Files.readString(DocumentPage.root().resolve("bench").resolve("README.md"));
        for (CommandLine command : new CommandLine(new Rondo()).getSubcommands().values()) {
            String heading = "\n### rondo " + command.getCommandName() + "\n";
            int start = page.indexOf(heading);
            assertTrue(start >= 0, "bench/README.md: expected a section" + heading);
            String section = page.substring(start + heading.length());
            Matcher end = Pattern.compile("\n##+ ").matcher(section);
            String text = end.find() ? section.substring(0, end.start()) : section;
            for (OptionSpec option : options(command)) {
                String name = option.longestName();
                if (!option.hidden() && !List.of("--help", "--version").contains(name)) {
                    assertTrue(
                            Pattern.compile(Pattern.quote(name) + "(?![\\w-])")
                                    .matcher(text)
                                    .find(),
                            () -> "bench/README.md: rondo " + command.getCommandName() + " lacks " + name);
                }
            }
            Matcher row = Pattern.compile("(?m)^\\| `(--[^|]*)\\|").matcher(text);
            while (row.find()) {
                assertOptions("bench/README.md", command, row.group(1));
            }
        }
    }

    @Test
    void linksLeadSomewhere() throws Exception {
        List<String> dead = new ArrayList<>();
        for (DocumentPage page : DocumentPage.all()) {
            for (int i = 0; i < page.lines().size(); i++) {
                Matcher link = LINK.matcher(page.lines().get(i));
                while (link.find()) {
                    String target = link.group(1) != null ? link.group(1) : link.group(2);
                    if (!target.startsWith("http") && !leads(page, target)) {
                        dead.add(page.at(i + 1) + ": " + target);
                    }
                }
            }
        }
        assertEquals(List.of(), dead);
    }

    private static boolean leads(DocumentPage page, String target) throws Exception {
        int hash = target.indexOf('#');
        String path = hash < 0 ? target : target.substring(0, hash);
        Path file =
                path.isEmpty() ? page.file() : page.file().resolveSibling(path).normalize();
        return Files.exists(file) && (hash < 0 || anchors(file).contains(target.substring(hash + 1)));
    }

    /** The anchors of the headings, as GitHub makes them. */
    private static List<String> anchors(Path file) throws Exception {
        return Files.readAllLines(file).stream()
                .filter(line -> line.matches("#+ .*"))
                .map(line -> line.replaceFirst("#+ ", "").toLowerCase(Locale.ROOT))
                .map(heading -> heading.replaceAll("[^\\w -]", "").replace(' ', '-'))
                .toList();
    }
}
