package dev.rondo.bench.measure;

import dev.rondo.bench.measure.BenchResult.NotTimed;
import dev.rondo.bench.measure.BenchResult.Timed;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The file of {@code rondo bench --html}: a page that needs nothing but itself. */
final class BenchPage {
    private static final int BAR_HEIGHT = 20;
    private static final int LABEL_WIDTH = 290;
    private static final int BAR_WIDTH = 420;
    private static final String STYLE = """
            body { font: 15px/1.5 sans-serif; margin: 2em auto; max-width: 70em; padding: 0 1em; }
            table { border-collapse: collapse; }
            th, td { padding: .15em .7em; text-align: right; border-bottom: 1px solid #ddd; }
            th:nth-child(-n+3), td:nth-child(-n+3) { text-align: left; }
            dt { float: left; clear: left; width: 10em; color: #555; }
            dd { margin-left: 10em; }
            svg text { font: 13px sans-serif; }
            .note { color: #a00; font-weight: bold; }
            .LSTM { fill: #3b6ea8; }
            .GRU { fill: #c77f2a; }
            """;

    private final BenchReport report;
    private final StringBuilder page = new StringBuilder();

    private BenchPage(BenchReport report) {
        this.report = report;
    }

    static String of(BenchReport report) {
        return new BenchPage(report).write();
    }

    private String write() {
        page.append(
                "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n<title>rondo bench</title>\n");
        page.append("<style>\n").append(STYLE).append("</style>\n</head>\n<body>\n<h1>rondo bench</h1>\n");
        if (report.emulated()) {
            page.append("<p class=\"note\">").append(BenchReport.EMULATED).append("</p>\n");
        }
        page.append("<dl>\n");
        for (Map.Entry<String, Object> fact : report.facts().entrySet()) {
            page.append("<dt>").append(escape(fact.getKey().replace('_', ' '))).append("</dt><dd>");
            page.append(escape(fact.getValue().toString())).append("</dd>\n");
        }
        page.append("</dl>\n<h2>GFLOP/s</h2>\n");
        chart();
        page.append("<h2>Times</h2>\n");
        table();
        page.append("<p>").append(escape(String.join(" ", report.legend()))).append("</p>\n</body>\n</html>\n");
        return page.toString();
    }

    private void chart() {
        List<Timed> timed = report.results().stream()
                .filter(Timed.class::isInstance)
                .map(Timed.class::cast)
                .toList();
        double most = timed.stream().mapToDouble(Timed::gigaflops).max().orElse(1);
        int markWidth = report.emulated() ? 190 : 0;
        page.append(String.format(
                Locale.ROOT,
                "<svg width=\"%d\" height=\"%d\" role=\"img\">%n",
                LABEL_WIDTH + BAR_WIDTH + 80 + markWidth,
                timed.size() * BAR_HEIGHT));
        for (int k = 0; k < timed.size(); k++) {
            Timed result = timed.get(k);
            double width = BAR_WIDTH * result.gigaflops() / most;
            page.append(String.format(
                    Locale.ROOT,
                    "<text x=\"0\" y=\"%d\">%s</text><rect class=\"%s\" x=\"%d\" y=\"%d\" width=\"%.1f\" height=\"%d\"/>"
                            + "<text x=\"%.1f\" y=\"%d\">%s</text>%n",
                    k * BAR_HEIGHT + 15,
                    escape(result.what().toString()),
                    result.what().cell(),
                    LABEL_WIDTH,
                    k * BAR_HEIGHT + 3,
                    width,
                    BAR_HEIGHT - 5,
                    LABEL_WIDTH + width + 5,
                    k * BAR_HEIGHT + 15,
                    BenchReport.digits(result.gigaflops()) + report.mark()));
        }
        page.append("</svg>\n");
    }

    private void table() {
        page.append("<table>\n<tr><th>cell</th><th>mode</th><th>N,T,I,H</th>");
        report.names().forEach(name -> page.append("<th>").append(escape(name)).append("</th>"));
        page.append(report.emulated() ? "<th></th></tr>\n" : "</tr>\n");
        for (BenchResult result : report.results()) {
            BenchCase what = result.what();
            page.append("<tr>");
            cells(what.cell().name(), what.purposeName(), what.shape().toString());
            if (result instanceof Timed timed) {
                report.figures(timed).forEach(this::cells);
            } else if (result instanceof NotTimed not) {
                page.append("<td colspan=\"")
                        .append(report.names().size())
                        .append("\">not timed: ")
                        .append(escape(not.reason()))
                        .append("</td>");
            }
            if (report.emulated()) {
                page.append("<td class=\"note\">").append(BenchReport.EMULATED).append("</td>");
            }
            page.append("</tr>\n");
        }
        page.append("</table>\n");
    }

    private void cells(String... texts) {
        for (String text : texts) {
            page.append("<td>").append(escape(text)).append("</td>");
        }
    }

    private static String escape(String text) {
        return text.replace("&", "&amp;")
                .replace("<", "&lt;")
                .replace(">", "&gt;")
                .replace("\"", "&quot;");
    }
}
