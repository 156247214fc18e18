package dev.rondo.bench.plot;

import java.util.Locale;

/** A picture as it grows: shapes and texts in pixels from the upper left corner, dark on white. */
final class Svg {
    static final String INK = "#222222";
    static final String QUIET = "#666666";

    private static final String FONT = "font-family=\"Helvetica Neue, Helvetica, Arial, DejaVu Sans, sans-serif\"";

    private final double width;
    private final double height;
    private final StringBuilder body = new StringBuilder();

    /** Where a text stands to its point. */
    enum Anchor {
        START,
        MIDDLE,
        END;

        private final String attribute = name().toLowerCase(Locale.ROOT);
    }

    Svg(double width, double height) {
        this.width = width;
        this.height = height;
    }

    /** How wide a text is about, of a sans-serif font of a size; rather too wide than too narrow. */
    static double textWidth(String text, double size) {
        double units = text.codePoints()
                .mapToDouble(c -> "iIljt.,:;'|!()[] -f".indexOf(c) >= 0 ? 0.38 : "mwMW@%".indexOf(c) >= 0 ? 0.95 : 0.64)
                .sum();
        return size * units;
    }

    static String number(double value) {
        String text = String.format(Locale.ROOT, "%.1f", value);
        return text.endsWith(".0") ? text.substring(0, text.length() - 2) : text;
    }

    /** A text of the caller as the content of an element. What XML cannot hold becomes a replacement character. */
    static String escaped(String text) {
        StringBuilder escaped = new StringBuilder();
        text.codePoints().forEach(c -> {
            switch (c) {
                case '&' -> escaped.append("&amp;");
                case '<' -> escaped.append("&lt;");
                case '>' -> escaped.append("&gt;");
                case '"' -> escaped.append("&quot;");
                default -> escaped.appendCodePoint(isAllowed(c) ? c : 0xFFFD);
            }
        });
        return escaped.toString();
    }

    private static boolean isAllowed(int c) {
        return c == '\t'
                || c == '\n'
                || c == '\r'
                || c >= 0x20 && c < 0xD800
                || c >= 0xE000 && c < 0xFFFE
                || c >= 0x10000;
    }

    void line(double x1, double y1, double x2, double y2, String colour, double thickness) {
        line(x1, y1, x2, y2, colour, thickness, "");
    }

    /** {@code dashes}: lengths of dashes and gaps, or nothing for a whole line. */
    void line(double x1, double y1, double x2, double y2, String colour, double thickness, String dashes) {
        body.append(String.format(
                "<line x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\" stroke=\"%s\" stroke-width=\"%s\"%s/>\n",
                number(x1), number(y1), number(x2), number(y2), colour, number(thickness), dashed(dashes)));
    }

    private static String dashed(String dashes) {
        return dashes.isEmpty() ? "" : " stroke-dasharray=\"" + dashes + "\"";
    }

    /** Lines through points, as {@code "x,y x,y ..."}. */
    void polyline(CharSequence points, String colour, double thickness, String dashes) {
        body.append(String.format(
                "<polyline points=\"%s\" fill=\"none\" stroke=\"%s\" stroke-width=\"%s\""
                        + " stroke-linejoin=\"round\" stroke-linecap=\"round\"%s/>\n",
                points, colour, number(thickness), dashed(dashes)));
    }

    void circle(double x, double y, double radius, String colour) {
        body.append(String.format(
                "<circle cx=\"%s\" cy=\"%s\" r=\"%s\" fill=\"%s\"/>\n", number(x), number(y), number(radius), colour));
    }

    /** A filled rectangle without seams to its neighbours. */
    void rectangle(double x, double y, double wide, double high, String colour) {
        body.append(String.format(
                "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill=\"%s\" shape-rendering=\"crispEdges\"/>\n",
                number(x), number(y), number(wide), number(high), colour));
    }

    void frame(double x, double y, double wide, double high, String colour) {
        body.append(String.format(
                "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill=\"none\" stroke=\"%s\"/>\n",
                number(x), number(y), number(wide), number(high), colour));
    }

    void text(double x, double y, Anchor anchor, double size, String colour, String text) {
        text(x, y, anchor, size, colour, "", escaped(text));
    }

    void title(double x, double y, double size, String text) {
        text(x, y, Anchor.START, size, INK, " font-weight=\"bold\"", escaped(text));
    }

    /** A text turned about its point, by degrees clockwise. */
    void turned(double x, double y, double degrees, Anchor anchor, double size, String colour, String text) {
        String turn = String.format(" transform=\"rotate(%s %s %s)\"", number(degrees), number(x), number(y));
        text(x, y, anchor, size, colour, turn, escaped(text));
    }

    /** Ten to a power. */
    void power(double x, double y, Anchor anchor, double size, String colour, int exponent) {
        String content = "10<tspan dy=\"" + number(-0.4 * size) + "\" font-size=\"" + number(0.75 * size) + "\">"
                + (exponent < 0 ? "\u2212" : "") + Math.abs(exponent) + "</tspan>";
        text(x, y, anchor, size, colour, "", content);
    }

    private void text(
            double x, double y, Anchor anchor, double size, String colour, String attributes, String content) {
        body.append(String.format(
                "<text x=\"%s\" y=\"%s\" text-anchor=\"%s\" font-size=\"%s\" fill=\"%s\"%s>%s</text>\n",
                number(x), number(y), anchor.attribute, number(size), colour, attributes, content));
    }

    /** The whole picture. */
    @Override
    public String toString() {
        return String.format(
                        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%1$s\" height=\"%2$s\""
                                + " viewBox=\"0 0 %1$s %2$s\" %3$s>\n<rect width=\"100%%\" height=\"100%%\" fill=\"white\"/>\n",
                        number(width), number(height), FONT)
                + body
                + "</svg>\n";
    }
}
