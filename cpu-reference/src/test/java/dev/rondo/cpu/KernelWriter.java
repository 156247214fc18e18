package dev.rondo.cpu;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/**
 * Writes {@code WideKernels} and {@code NarrowKernels}, whose blocks are tables here. {@link #main} writes the files anew;
 * {@code KernelWriterTest} compares them with what stands there.
 */
final class KernelWriter {
    static final Path FOLDER = Path.of("src/main/vector/dev/rondo/cpu");

    /** Where the factors of a step of the depth are. */
    private enum Factors {
        /** In rows of A, at a distance that is a parameter. */
        ROWS,
        /** Beside each other: A is transposed. */
        COLUMNS,
        /** The same, at a distance that is a parameter. */
        COLUMNS_APART
    }

    /** A block of C of so many rows by 2 vectors, with so many steps of the depth at a time. */
    private record Block(String name, int rows, int steps, Factors factors, String comment) {}

    /** A class. Of the two operands of a fused multiply-add, A's or B's is cast and called. */
    record Kernels(String name, boolean castFactor, String comment, List<Block> blocks) {}

    static final List<Kernels> ALL = List.of(
            new Kernels(
                    "WideKernels",
                    true,
                    """
                    /**
                     * Kernels of {@link VectorProducts} for processors with 32 vector registers: 12 rows by 2 vectors. 24 sums hide the latency of a
                     * fused multiply-add, and for each vector of B that is loaded there are 12 of them. Two steps of the depth at a time halve the
                     * arithmetic of addresses, which otherwise takes as many places in the pipeline as the products. So the depth is even.
                     */
                    """,
                    List.of(
                            new Block("rows12", 12, 2, Factors.ROWS, ""),
                            new Block("rows8", 8, 2, Factors.ROWS, ""),
                            new Block("transposed12", 12, 2, Factors.COLUMNS, ""),
                            new Block("transposed8", 8, 2, Factors.COLUMNS, ""))),
            new Kernels(
                    "NarrowKernels",
                    false,
                    """
                    /**
                     * Kernels of {@link VectorProducts} for processors with 16 vector registers: 6 rows by 2 vectors are 12 sums, which leaves 2
                     * registers for a row of B and one for an element of A. With more, sums go to the stack and back in each step.
                     *
                     * <p>Whether that happens is decided by the JIT compiler's order of instructions: it likes to load ahead. What it does with one
                     * step of the depth at a time or two, and with a constant or a variable distance, differs from kernel to kernel and from
                     * JDK to JDK by a factor of two, so the forms here are chosen by measurement ({@code bench/README.md}). On JDK 25 these are
                     * 6 rows with one step, on JDK 17 5 rows with two, and 4 rows with two on both. Where there are two steps, the depth is even.
                     */
                    """,
                    List.of(
                            new Block("rows6", 6, 1, Factors.ROWS, ""),
                            new Block("rows5", 5, 2, Factors.ROWS, ""),
                            new Block("rows4", 4, 2, Factors.ROWS, ""),
                            new Block("transposed6", 6, 1, Factors.COLUMNS_APART, """
                                /**
                                 * The distance of columns, which is 1, is a parameter: the compiler of JDK 25 counts the registers for addresses, and
                                 * with few of them it loads ahead until the vectors do not fit. The method is too large to be inlined where it is called.
                                 */
                            """),
                            new Block("transposed4", 4, 2, Factors.COLUMNS, ""))));

    private final Kernels kernels;
    private final StringBuilder text = new StringBuilder();

    private KernelWriter(Kernels kernels) {
        this.kernels = kernels;
    }

    /** Writes the files, in the folder of the module. */
    public static void main(String[] arguments) throws IOException {
        for (Kernels kernels : ALL) {
            Files.writeString(FOLDER.resolve(kernels.name + ".java"), text(kernels));
        }
    }

    /** The whole file. */
    static String text(Kernels kernels) {
        return new KernelWriter(kernels).file();
    }

    private void line(int depth, String format, Object... values) {
        text.append("    ".repeat(depth)).append(String.format(format, values)).append('\n');
    }

    private String file() {
        line(0, "// Written by KernelWriter, among the tests of this module: change the tables there, not this file.");
        line(0, "package dev.rondo.cpu;");
        line(0, "");
        line(0, "import jdk.incubator.vector.FloatVector;");
        line(0, "import jdk.incubator.vector.VectorSpecies;");
        line(0, "");
        text.append(kernels.comment);
        line(0, "final class %s {", kernels.name);
        line(1, "private static final VectorSpecies<Float> SPECIES = VectorLoops.SPECIES;");
        line(1, "private static final int LANES = SPECIES.length();");
        line(1, "private static final int PANEL = 2 * LANES;");
        line(1, "private static final Class<? extends FloatVector> TYPE = VectorLoops.TYPE;");
        line(0, "");
        line(1, "private %s() {}", kernels.name);
        for (Block block : kernels.blocks) {
            line(0, "");
            text.append(block.comment);
            method(block);
        }
        line(0, "}");
        return text.toString();
    }

    private void method(Block block) {
        String distance = switch (block.factors) {
            case ROWS -> "int aRow, ";
            case COLUMNS -> "";
            case COLUMNS_APART -> "int aColumn, ";
        };
        line(1, "static void %s(", block.name);
        line(
                3,
                "float[] a, int aOffset, %sint depth, float[] b, int bOffset, float[] c, int cOffset, int cRow) {",
                distance);
        line(2, "if (depth == 0) {");
        line(3, "return;");
        line(2, "}");
        if (block.factors != Factors.COLUMNS) {
            offsets(block, "a", block.factors == Factors.ROWS ? "aRow" : "aColumn");
        }
        offsets(block, "c", "cRow");
        for (int row = 0; row < block.rows; row++) {
            line(2, "FloatVector s%da = FloatVector.fromArray(SPECIES, c, c%d);", row, row);
            line(2, "FloatVector s%db = FloatVector.fromArray(SPECIES, c, c%d + LANES);", row, row);
        }
        line(2, "%s", head(block));
        for (int step = 0; step < block.steps; step++) {
            step(block, step);
        }
        line(2, "}");
        for (int row = 0; row < block.rows; row++) {
            line(2, "TYPE.cast(s%da).intoArray(c, c%d);", row, row);
            line(2, "TYPE.cast(s%db).intoArray(c, c%d + LANES);", row, row);
        }
        line(1, "}");
    }

    private void offsets(Block block, String operand, String distance) {
        for (int row = 0; row < block.rows; row++) {
            String rows = row == 0 ? "" : " + " + (row == 1 ? "" : row + " * ") + distance;
            line(2, "int %s%d = %sOffset%s;", operand, row, operand, rows);
        }
    }

    private static String head(Block block) {
        if (block.factors == Factors.COLUMNS_APART) {
            return "for (int k = 0; k < depth * PANEL; k += PANEL) {";
        }
        String more = block.steps == 1 ? "k++" : "k += " + block.steps;
        String panels = block.steps == 1 ? "PANEL" : block.steps + " * PANEL";
        return block.factors == Factors.ROWS
                ? "for (int k = 0, bk = bOffset; k < depth; " + more + ", bk += " + panels + ") {"
                : "for (int k = 0, ak = aOffset, bk = bOffset; k < depth; " + more + ", ak += " + panels + ", bk += "
                        + panels + ") {";
    }

    private void step(Block block, int step) {
        String at = block.factors == Factors.COLUMNS_APART ? "bOffset + k" : "bk";
        String panel = step == 0 ? "" : " + PANEL";
        String declared = step == 0 ? "FloatVector " : "";
        line(3, "%sb0 = %s;", declared, operand(!kernels.castFactor, "fromArray(SPECIES, b, " + at + panel + ")"));
        line(
                3,
                "%sb1 = %s;",
                declared,
                operand(!kernels.castFactor, "fromArray(SPECIES, b, " + at + panel + " + LANES)"));
        for (int row = 0; row < block.rows; row++) {
            String factor = operand(kernels.castFactor, "broadcast(SPECIES, a[" + factor(block, row, step) + "])");
            line(3, "%sx = %s;", row == 0 ? declared : "", factor);
            for (int vector = 0; vector < 2; vector++) {
                String sum = "s" + row + (vector == 0 ? "a" : "b");
                line(3, kernels.castFactor ? "%s = x.fma(b%d, %s);" : "%s = b%d.fma(x, %s);", sum, vector, sum);
            }
        }
    }

    private static String operand(boolean cast, String call) {
        return cast ? "TYPE.cast(FloatVector." + call + ")" : "FloatVector." + call;
    }

    private static String factor(Block block, int row, int step) {
        return switch (block.factors) {
            case ROWS -> "a" + row + " + k" + (step == 0 ? "" : " + " + step);
            case COLUMNS -> "ak" + (step == 0 ? "" : " + PANEL") + (row == 0 ? "" : " + " + row);
            case COLUMNS_APART -> "a" + row + " + k";
        };
    }
}
