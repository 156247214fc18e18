package dev.rondo.bench.measure;

import dev.rondo.Cell;
import dev.rondo.Purpose;
import dev.rondo.RnnSpec;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import java.util.stream.Stream;

/**
 * What {@code rondo bench} times: one forward layer over a whole sequence.
 *
 * @param cell the cell
 * @param purpose the forward pass of inference, or forward and backward of training
 * @param shape sizes
 */
record BenchCase(Cell cell, Purpose purpose, Shape shape) {
    /**
     * Sizes.
     *
     * @param batch N
     * @param steps T
     * @param inputs I
     * @param hidden H
     */
    record Shape(int batch, int steps, int inputs, int hidden) {
        private static final Pattern TEXT = Pattern.compile("(\\d{1,6}),(\\d{1,6}),(\\d{1,6}),(\\d{1,6})");

        /** Reads the form {@code N,T,I,H}. */
        static Shape parse(String text) {
            Matcher matcher = TEXT.matcher(text);
            if (!matcher.matches()) {
                throw new IllegalArgumentException("expected N,T,I,H such as 32,35,28,256, got " + text);
            }
            int[] sizes = IntStream.rangeClosed(1, 4)
                    .map(group -> Integer.parseInt(matcher.group(group)))
                    .toArray();
            if (IntStream.of(sizes).anyMatch(size -> size < 1)) {
                throw new IllegalArgumentException("expected sizes of at least 1, got " + text);
            }
            return new Shape(sizes[0], sizes[1], sizes[2], sizes[3]);
        }

        /** Every size divided by a number, and rounded up. */
        Shape dividedBy(int divisor) {
            return new Shape(
                    (batch + divisor - 1) / divisor,
                    (steps + divisor - 1) / divisor,
                    (inputs + divisor - 1) / divisor,
                    (hidden + divisor - 1) / divisor);
        }

        @Override
        public String toString() {
            return batch + "," + steps + "," + inputs + "," + hidden;
        }
    }

    /** A named set of shapes. */
    enum Suite {
        /** From a stream of one row to large batches, for CPUs. */
        CPU(Stream.of(
                        "1,100,64,64",
                        "1,100,128,128",
                        "1,100,256,256",
                        "1,100,512,512",
                        "1,100,1024,1024",
                        "32,35,28,256",
                        "64,50,512,512",
                        "16,100,1024,1024",
                        "16,100,128,128")
                .map(Shape::parse)
                .toList()),
        /** Shapes for GPUs, and a grid of hidden sizes by batch sizes. */
        GPU(Stream.concat(
                        Stream.of(
                                        "32,35,28,256",
                                        "64,100,512,512",
                                        "64,100,1024,1024",
                                        "1,100,512,512",
                                        "16,1024,768,768",
                                        "16,512,128,128",
                                        "44,100,160,160")
                                .map(Shape::parse),
                        IntStream.of(64, 128, 256, 512, 1024, 2048)
                                .boxed()
                                .flatMap(hidden -> IntStream.of(1, 8, 32, 128)
                                        .mapToObj(batch -> new Shape(batch, 100, hidden, hidden))))
                .distinct()
                .toList());

        private final List<Shape> shapes;

        Suite(List<Shape> shapes) {
            this.shapes = shapes;
        }

        List<Shape> shapes() {
            return shapes;
        }
    }

    /** LSTM and GRU, inference and training. */
    static List<BenchCase> of(List<Shape> shapes) {
        return shapes.stream()
                .flatMap(shape -> Stream.of(Cell.LSTM, Cell.GRU)
                        .flatMap(cell -> Stream.of(Purpose.INFERENCE, Purpose.TRAINING)
                                .map(purpose -> new BenchCase(cell, purpose, shape))))
                .toList();
    }

    boolean isTraining() {
        return purpose == Purpose.TRAINING;
    }

    RnnSpec spec() {
        return RnnSpec.of(cell, shape.inputs, shape.hidden);
    }

    /** Steps times rows. */
    double tokens() {
        return (double) shape.steps * shape.batch;
    }

    /** Two for each weight of a matrix and token, and in training three times as many: the gradients of both factors. */
    double floatingPointOperations() {
        double forward = 2.0 * tokens() * cell.gates() * shape.hidden * ((double) shape.inputs + shape.hidden);
        return isTraining() ? 3 * forward : forward;
    }

    /** Such as {@code LSTM training 32,35,28,256}. */
    @Override
    public String toString() {
        return cell + " " + purposeName() + " " + shape;
    }

    String purposeName() {
        return purpose.name().toLowerCase(Locale.ROOT);
    }
}
