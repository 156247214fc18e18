package dev.rondo.bench.plot;

import dev.rondo.bench.plot.Svg.Anchor;
import java.util.List;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;

/**
 * A matrix as coloured cells, the darker the larger, with the names of its rows at the left and those of its columns at the top: such
 * as the weights of attention, a row for each word that was written and a column for each that was read.
 *
 * <pre>{@code
 * new HeatMap("Alignment", "written", "read", words, source, weights).range(0, 1).svg();
 * }</pre>
 */
public final class HeatMap {
    private static final double SIZE = 12;
    private static final double GAP = 8;
    private static final double LARGEST_CELL = 34;
    private static final double LARGEST_MATRIX = 640;

    /** Cells that hold a name are square; others are as wide and as tall as there is room, up to that of {@link #FLAT_CELL}. */
    private static final double READABLE_CELL = 14;

    private static final double FLAT_CELL = 24;
    private static final double SHORTEST_BAR = 100;

    /** From the lowest value to the highest; lightness falls evenly. */
    private static final int[][] SCALE = {
        {247, 250, 253}, {205, 222, 240}, {143, 187, 220}, {78, 141, 193}, {31, 92, 152}, {9, 44, 92}
    };

    private static final String UNKNOWN = "#d9d9d9";

    private final String title;
    private final String rowLabel;
    private final String columnLabel;
    private final List<String> rows;
    private final List<String> columns;
    private final double[][] values;
    private double low;
    private double high;

    /** The colours span the values, and 0 if none is below. */
    public HeatMap(
            String title,
            String rowLabel,
            String columnLabel,
            List<String> rows,
            List<String> columns,
            double[][] values) {
        if (values.length != rows.size() || Stream.of(values).anyMatch(row -> row.length != columns.size())) {
            throw new IllegalArgumentException("values: expected [" + rows.size() + "," + columns.size()
                    + "], a row for each of rows and a column for each of columns, got " + values.length + " rows of "
                    + Stream.of(values).map(row -> row.length).distinct().toList());
        }
        this.title = title;
        this.rowLabel = rowLabel;
        this.columnLabel = columnLabel;
        this.rows = List.copyOf(rows);
        this.columns = List.copyOf(columns);
        this.values = values;
        double[] known = Stream.of(values)
                .flatMapToDouble(DoubleStream::of)
                .filter(Double::isFinite)
                .toArray();
        this.low = Math.min(0, DoubleStream.of(known).min().orElse(0));
        this.high = DoubleStream.of(known).max().orElse(1);
    }

    /** The values of the lightest and of the darkest colour. */
    public HeatMap range(double lightest, double darkest) {
        low = lightest;
        high = darkest;
        return this;
    }

    /** The picture. */
    public String svg() {
        return new Drawing().draw();
    }

    private static double longest(List<String> names) {
        return names.stream()
                .mapToDouble(name -> Svg.textWidth(name, SIZE))
                .max()
                .orElse(0);
    }

    private static double cell(int count) {
        return Math.max(2, Math.min(LARGEST_CELL, Math.floor(LARGEST_MATRIX / Math.max(count, 1))));
    }

    /** The sizes, and what is drawn with them. */
    private final class Drawing {
        private final double cellWide;
        private final double cellTall;
        /** Names stand at every so manyth row and column, where cells are smaller than names. */
        private final int rowStride;

        private final int columnStride;
        private final boolean slanted;
        private final double left;
        private final double top;
        private final double wide;
        private final double tall;

        Drawing() {
            boolean square = Math.min(cell(rows.size()), cell(columns.size())) >= READABLE_CELL;
            double smaller = Math.min(cell(rows.size()), cell(columns.size()));
            cellWide = square ? smaller : Math.min(cell(columns.size()), FLAT_CELL);
            cellTall = square ? smaller : Math.min(cell(rows.size()), FLAT_CELL);
            double names = longest(columns);
            int level = (int) Math.ceil((names + GAP) / cellWide);
            slanted = level > 1 && (cellWide >= READABLE_CELL || level > 10);
            columnStride = slanted ? (int) Math.ceil((SIZE + 5) / cellWide) : level;
            rowStride = (int) Math.ceil((SIZE + 2) / cellTall);
            left = (rowLabel.isEmpty() ? 20 : 44) + longest(rows) + GAP;
            top = 42 + (columnLabel.isEmpty() ? 0 : 26) + (slanted ? 0.71 * (names + SIZE) : SIZE) + GAP;
            wide = cellWide * columns.size();
            tall = cellTall * rows.size();
        }

        String draw() {
            Axis axis = new Axis(false, low, high, false);
            double barTall = Math.max(tall, SHORTEST_BAR);
            double bar = left + wide + 26;
            Svg svg = new Svg(width(axis, bar), top + barTall + 24);
            svg.title(20, 26, 15, title);
            svg.text(left + wide / 2, 50, Anchor.MIDDLE, SIZE + 1, Svg.QUIET, columnLabel);
            svg.turned(22, top + tall / 2, -90, Anchor.MIDDLE, SIZE + 1, Svg.QUIET, rowLabel);
            cells(svg);
            names(svg);
            legend(svg, axis, bar, top, barTall);
            return svg.toString();
        }

        private double width(Axis axis, double bar) {
            double numbers = longest(axis.ticks().stream().map(Axis.Tick::text).toList());
            double slant = 0;
            for (int c = 0; slanted && c < columns.size(); c += columnStride) {
                double end = (c + 0.5) * cellWide + 0.71 * (Svg.textWidth(columns.get(c), SIZE) + SIZE);
                slant = Math.max(slant, left + end);
            }
            return Math.max(Math.max(bar + 14 + GAP + numbers, slant) + 16, 1.1 * Svg.textWidth(title, 15) + 40);
        }

        private void cells(Svg svg) {
            for (int r = 0; r < rows.size(); r++) {
                for (int c = 0; c < columns.size(); c++) {
                    svg.rectangle(left + c * cellWide, top + r * cellTall, cellWide, cellTall, colour(values[r][c]));
                }
            }
            svg.frame(left, top, wide, tall, "#bbbbbb");
        }

        private void names(Svg svg) {
            for (int r = 0; r < rows.size(); r += rowStride) {
                svg.text(left - GAP, top + (r + 0.5) * cellTall + 4, Anchor.END, SIZE, Svg.INK, rows.get(r));
            }
            for (int c = 0; c < columns.size(); c += columnStride) {
                double at = left + (c + 0.5) * cellWide;
                if (slanted) {
                    svg.turned(at + 3, top - GAP, -45, Anchor.START, SIZE, Svg.INK, columns.get(c));
                } else {
                    svg.text(at, top - GAP, Anchor.MIDDLE, SIZE, Svg.INK, columns.get(c));
                }
            }
        }
    }

    private void legend(Svg svg, Axis axis, double x, double top, double tall) {
        int bands = 100;
        for (int i = 0; i < bands; i++) {
            double share = 1 - (i + 0.5) / bands;
            svg.rectangle(x, top + i * tall / bands, 14, tall / bands + 0.5, colour(low + share * (high - low)));
        }
        svg.frame(x, top, 14, tall, "#bbbbbb");
        for (Axis.Tick tick : axis.ticks()) {
            double at = top + (1 - axis.at(tick.value())) * tall;
            svg.line(x + 14, at, x + 18, at, Svg.QUIET, 1);
            svg.text(x + 14 + GAP, at + 4, Anchor.START, SIZE, Svg.QUIET, tick.text());
        }
    }

    private String colour(double value) {
        if (!Double.isFinite(value)) {
            return UNKNOWN;
        }
        double share = high > low ? Math.min(1, Math.max(0, (value - low) / (high - low))) : 0;
        double place = share * (SCALE.length - 1);
        int below = Math.min((int) place, SCALE.length - 2);
        StringBuilder colour = new StringBuilder("#");
        for (int i = 0; i < 3; i++) {
            double mixed = SCALE[below][i] + (place - below) * (SCALE[below + 1][i] - SCALE[below][i]);
            colour.append(String.format("%02x", Math.round(mixed)));
        }
        return colour.toString();
    }
}
