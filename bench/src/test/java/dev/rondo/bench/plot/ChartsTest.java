package dev.rondo.bench.plot;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import javax.xml.parsers.DocumentBuilderFactory;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Document;
import org.w3c.dom.NodeList;

/** {@link LineChart} and {@link HeatMap}: what they draw is well-formed, and says what was given. */
class ChartsTest {
    private static Document parsed(String svg) throws Exception {
        return DocumentBuilderFactory.newInstance()
                .newDocumentBuilder()
                .parse(new ByteArrayInputStream(svg.getBytes(StandardCharsets.UTF_8)));
    }

    private static List<String> texts(Document picture) {
        NodeList elements = picture.getElementsByTagName("text");
        List<String> texts = new ArrayList<>();
        for (int i = 0; i < elements.getLength(); i++) {
            texts.add(elements.item(i).getTextContent());
        }
        return texts;
    }

    private static List<String> ticks(Axis axis) {
        return axis.ticks().stream().map(Axis.Tick::text).toList();
    }

    @Test
    void aChartHasItsTexts() throws Exception {
        Document chart = parsed(new LineChart("a < b & \"c\"", "\u0001steps", "loss")
                .line("LSTM <1>", new double[] {1, 2, 3}, new double[] {4, Double.NaN, 2})
                .level("guess", 3)
                .svg());
        List<String> texts = texts(chart);
        assertTrue(
                texts.containsAll(List.of("a < b & \"c\"", "\uFFFDsteps", "loss", "LSTM <1>", "guess")),
                texts.toString());
        assertEquals(2, chart.getElementsByTagName("polyline").getLength(), "a gap parts the line");
    }

    @Test
    void whatALogarithmicAxisCannotShowIsLeftOut() throws Exception {
        Document chart = parsed(new LineChart("", "", "")
                .logarithmicY()
                .line("vanishing", new double[] {1, 1e-3, 1e-30, 0})
                .line("nothing", new double[] {0, 0, 0, 0})
                .svg());
        assertEquals(1, chart.getElementsByTagName("polyline").getLength());
    }

    @Test
    void aChartWithoutPointsIsEmpty() throws Exception {
        assertEquals(
                0,
                parsed(new LineChart("", "", "").svg())
                        .getElementsByTagName("polyline")
                        .getLength());
    }

    @Test
    void ticksAreRound() {
        assertEquals(List.of("0.0", "0.2", "0.4", "0.6", "0.8", "1.0"), ticks(new Axis(false, 0, 0.97, true)));
        assertEquals(List.of("0", "1,000", "2,000", "3,000"), ticks(new Axis(false, 0, 3980, false)));
        assertEquals(List.of("0.001", "0.01", "0.1"), ticks(new Axis(true, 1e-3, 0.1, true)));
        assertEquals(List.of("2", "5", "10", "20"), ticks(new Axis(true, 2, 19, true)));
        assertEquals(List.of("-8", "-6", "-4", "-2", "0"), ticks(new Axis(true, 1.1e-8, 0.9, true)));
        assertEquals(0.25, new Axis(true, 1e-4, 1, true).at(1e-3), 1e-12);
    }

    @Test
    void numbersOfXAndYMustAgree() {
        IllegalArgumentException error = assertThrows(
                IllegalArgumentException.class,
                () -> new LineChart("", "", "").line("a", new double[2], new double[3]));
        assertEquals("y: expected as many values as x, 2, got 3", error.getMessage());
    }

    @Test
    void aMapHasACellForEachValueAndItsNames() throws Exception {
        HeatMap map = new HeatMap(
                "Alignment",
                "written",
                "read",
                List.of("the", "<end>"),
                List.of("a", "long-winded", "c"),
                new double[][] {{0, 1, 0.5}, {0.25, Double.NaN, 2}});
        String svg = map.range(0, 1).svg();
        Document picture = parsed(svg);
        List<String> texts = texts(picture);
        assertTrue(
                texts.containsAll(List.of("Alignment", "written", "read", "the", "<end>", "a", "long-winded", "c")),
                texts.toString());
        assertTrue(svg.contains("rotate(-45"), "long names are slanted");
        assertTrue(svg.contains("#f7fafd") && svg.contains("#092c5c") && svg.contains("#d9d9d9"));
    }

    @Test
    void aMatrixOfAnotherShapeIsRefused() {
        IllegalArgumentException error = assertThrows(
                IllegalArgumentException.class,
                () -> new HeatMap("", "", "", List.of("a"), List.of("b", "c"), new double[][] {{1}}));
        assertEquals(
                "values: expected [1,2], a row for each of rows and a column for each of columns, got 1 rows of [1]",
                error.getMessage());
    }
}
