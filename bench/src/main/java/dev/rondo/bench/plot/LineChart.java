package dev.rondo.bench.plot;

import dev.rondo.bench.plot.Svg.Anchor;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.Function;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * Lines over an axis, each with its name at the right, in the order in which they end there.
 *
 * <pre>{@code
 * new LineChart("Adding problem", "updates", "mean squared error")
 *         .logarithmicY()
 *         .line("LSTM", updates, losses)
 *         .level("always 1", 0.167)
 *         .svg();
 * }</pre>
 */
public final class LineChart {
    private static final double WIDTH = 720;
    private static final double HEIGHT = 420;
    private static final double TOP = 56;
    private static final double BOTTOM = 54;
    private static final double SIZE = 12;
    private static final double NAME_HEIGHT = 17;
    private static final double SAMPLE = 20;

    /** Colours that differ for colour-blind readers too (Okabe and Ito, 2008), the faint yellow left out. */
    private static final List<String> COLOURS =
            List.of("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000");

    private static final List<String> DASHES = List.of("", "7 4", "2 4");

    private final String title;
    private final String xLabel;
    private final String yLabel;
    private final List<Line> lines = new ArrayList<>();
    private final List<Line> levels = new ArrayList<>();
    private boolean logarithmicX;
    private boolean logarithmicY;

    private record Line(String name, double[] x, double[] y, String colour, String dashes) {
        /** The last value that the axis can show. */
        double end(Axis axis) {
            double end = Double.NaN;
            for (double value : y) {
                end = axis.has(value) ? value : end;
            }
            return end;
        }
    }

    public LineChart(String title, String xLabel, String yLabel) {
        this.title = title;
        this.xLabel = xLabel;
        this.yLabel = yLabel;
    }

    /** Values of 0 and less are then left out. */
    public LineChart logarithmicX() {
        logarithmicX = true;
        return this;
    }

    /** Values of 0 and less are then left out. */
    public LineChart logarithmicY() {
        logarithmicY = true;
        return this;
    }

    /** A line through points; where a value is not finite it has a gap. */
    public LineChart line(String name, double[] x, double[] y) {
        if (x.length != y.length) {
            throw new IllegalArgumentException("y: expected as many values as x, " + x.length + ", got " + y.length);
        }
        String colour = COLOURS.get(lines.size() % COLOURS.size());
        String dashes = DASHES.get(lines.size() / COLOURS.size() % DASHES.size());
        lines.add(new Line(name, x.clone(), y.clone(), colour, dashes));
        return this;
    }

    /** A line through points at 1, 2, 3, ... */
    public LineChart line(String name, double[] y) {
        double[] x = new double[y.length];
        for (int i = 0; i < x.length; i++) {
            x[i] = i + 1.0;
        }
        return line(name, x, y);
    }

    /** A value to compare the lines with: a dashed line across. */
    public LineChart level(String name, double y) {
        levels.add(new Line(name, new double[0], new double[] {y}, "#888888", "4 4"));
        return this;
    }

    /** The picture. */
    public String svg() {
        Axis x = axis(logarithmicX, lines, Line::x, false);
        Axis y = axis(
                logarithmicY, Stream.concat(lines.stream(), levels.stream()).toList(), Line::y, true);
        double names = Stream.concat(lines.stream(), levels.stream())
                .mapToDouble(line -> Svg.textWidth(line.name, SIZE))
                .max()
                .orElse(0);
        double numbers = y.ticks().stream()
                .mapToDouble(tick -> Svg.textWidth(tick.isPower() ? "10-10" : tick.text(), SIZE))
                .max()
                .orElse(0);
        double left = 40 + numbers;
        double right = WIDTH - (names > 0 ? names + SAMPLE + 26 : 24);
        Drawing drawing = new Drawing(x, y, left, right);
        drawing.grid();
        lines.forEach(drawing::draw);
        drawing.names();
        return drawing.svg.toString();
    }

    private static Axis axis(boolean logarithmic, List<Line> lines, Function<Line, double[]> values, boolean whole) {
        double[] shown = lines.stream()
                .flatMapToDouble(line -> DoubleStream.of(values.apply(line)))
                .filter(value -> Double.isFinite(value) && (!logarithmic || value > 0))
                .sorted()
                .toArray();
        return shown.length == 0
                ? new Axis(logarithmic, 1, 10, whole)
                : new Axis(logarithmic, shown[0], shown[shown.length - 1], whole);
    }

    /** The picture while it is drawn. */
    private final class Drawing {
        private final Svg svg = new Svg(WIDTH, HEIGHT);
        private final Axis x;
        private final Axis y;
        private final double left;
        private final double right;
        private final double bottom = HEIGHT - BOTTOM;

        Drawing(Axis x, Axis y, double left, double right) {
            this.x = x;
            this.y = y;
            this.left = left;
            this.right = right;
        }

        private double across(double value) {
            return left + x.at(value) * (right - left);
        }

        private double down(double value) {
            return bottom - y.at(value) * (bottom - TOP);
        }

        void grid() {
            svg.title(20, 26, 15, title);
            y.fine().forEach(value -> svg.line(left, down(value), right, down(value), "#f3f3f3", 1));
            x.fine().forEach(value -> svg.line(across(value), TOP, across(value), bottom, "#f3f3f3", 1));
            for (Axis.Tick tick : y.ticks()) {
                double at = down(tick.value());
                svg.line(left, at, right, at, "#e0e0e0", 1);
                number(left - 8, at + 4, Anchor.END, tick);
            }
            for (Axis.Tick tick : x.ticks()) {
                double at = across(tick.value());
                svg.line(at, TOP, at, bottom, "#e0e0e0", 1);
                svg.line(at, bottom, at, bottom + 4, Svg.QUIET, 1);
                number(at, bottom + 18, Anchor.MIDDLE, tick);
            }
            svg.line(left, bottom, right, bottom, Svg.QUIET, 1);
            svg.text((left + right) / 2, HEIGHT - 12, Anchor.MIDDLE, SIZE + 1, Svg.INK, xLabel);
            svg.turned(18, (TOP + bottom) / 2, -90, Anchor.MIDDLE, SIZE + 1, Svg.INK, yLabel);
            for (Line level : levels) {
                if (y.has(level.y[0])) {
                    svg.line(left, down(level.y[0]), right, down(level.y[0]), level.colour, 1.5, level.dashes);
                }
            }
        }

        private void number(double atX, double atY, Anchor anchor, Axis.Tick tick) {
            if (tick.isPower()) {
                svg.power(atX, atY, anchor, SIZE, Svg.QUIET, Integer.parseInt(tick.text()));
            } else {
                svg.text(atX, atY, anchor, SIZE, Svg.QUIET, tick.text());
            }
        }

        void draw(Line line) {
            StringBuilder points = new StringBuilder();
            for (int i = 0; i <= line.x.length; i++) {
                boolean shown = i < line.x.length && x.has(line.x[i]) && y.has(line.y[i]);
                if (shown) {
                    points.append(points.length() == 0 ? "" : " ")
                            .append(Svg.number(across(line.x[i])))
                            .append(',')
                            .append(Svg.number(down(line.y[i])));
                } else if (points.length() > 0) {
                    svg.polyline(points, line.colour, 2, line.dashes);
                    points.setLength(0);
                }
            }
        }

        /** The names as near to the ends of their lines as they can be without covering each other. */
        void names() {
            ToDoubleFunction<Line> end = line -> Double.isNaN(line.end(y)) ? bottom : down(line.end(y));
            List<Line> all = Stream.concat(lines.stream(), levels.stream())
                    .sorted(Comparator.comparingDouble(end))
                    .toList();
            double[] at = all.stream().mapToDouble(end).toArray();
            spread(at, TOP + 4, bottom - 4);
            for (int i = 0; i < at.length; i++) {
                Line line = all.get(i);
                svg.line(right + 10, at[i], right + 10 + SAMPLE, at[i], line.colour, 2.5, line.dashes);
                svg.text(right + 16 + SAMPLE, at[i] + 4, Anchor.START, SIZE, Svg.INK, line.name);
            }
        }
    }

    /** Moves ascending places apart by the height of a name, within bounds if there is room. */
    private static void spread(double[] at, double low, double high) {
        for (int i = 0; i < at.length; i++) {
            at[i] = Math.max(at[i], i == 0 ? low : at[i - 1] + NAME_HEIGHT);
        }
        for (int i = at.length - 1; i >= 0; i--) {
            double most = i == at.length - 1 ? high : at[i + 1] - NAME_HEIGHT;
            at[i] = Math.min(at[i], most);
        }
    }
}
