package dev.rondo.contract;

import dev.rondo.Cell;
import dev.rondo.Direction;
import dev.rondo.RnnSpec;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** The cases that the tests run through. */
final class RnnCases {
    private static final int[][] LENGTHS = {null, {4, 0, 1}, {2, 4, 3}};

    private RnnCases() {}

    private static RnnSpec spec(Cell cell, int layers, Direction direction) {
        return RnnSpec.of(cell, 3, 2 + layers % 2).withLayers(layers).withDirection(direction);
    }

    /** Every cell, 1 and 2 layers, every direction, full and uneven lengths, mostly with biases. */
    static List<RnnCase> all() {
        List<RnnCase> cases = new ArrayList<>();
        long seed = 1;
        for (Cell cell : Cell.values()) {
            for (int layers = 1; layers <= 2; layers++) {
                for (Direction direction : Direction.values()) {
                    for (int @Nullable [] lengths : LENGTHS) {
                        RnnSpec spec = spec(cell, layers, direction).withBias(seed % 3 != 0);
                        cases.add(RnnCase.random(spec, 4, 3, seed++)
                                .withLengths(lengths)
                                .awayFromKink());
                    }
                }
            }
        }
        return cases;
    }

    /** Every option: each has a method, and its line here. */
    static List<RnnCase> withOptions() {
        List<RnnCase> cases = new ArrayList<>();
        cases.addAll(withDropout());
        return cases;
    }

    /** Every cell and direction with dropout between two layers, and between three. */
    static List<RnnCase> withDropout() {
        List<RnnCase> cases = new ArrayList<>();
        long seed = 200;
        for (Cell cell : Cell.values()) {
            for (Direction direction : Direction.values()) {
                for (int layers = 2; layers <= 3; layers++) {
                    RnnSpec spec = spec(cell, layers, direction).withDropout(0.4);
                    cases.add(RnnCase.random(spec, 4, 3, seed++)
                            .withLengths(layers == 2 ? null : new int[] {4, 2, 0})
                            .awayFromKink());
                }
            }
        }
        return cases;
    }

    /** Every cell and direction, 1 and 2 layers, with indices as input. */
    static List<RnnCase> oneHot() {
        List<RnnCase> cases = new ArrayList<>();
        long seed = 300;
        for (Cell cell : Cell.values()) {
            for (Direction direction : Direction.values()) {
                for (int layers = 1; layers <= 2; layers++) {
                    cases.add(RnnCase.random(spec(cell, layers, direction), 4, 3, seed++)
                            .withLengths(layers == 1 ? null : new int[] {3, 4, 0})
                            .oneHot()
                            .awayFromKink());
                }
            }
        }
        return cases;
    }

    /** Every cell, forward in time, 1 and 2 layers, full and uneven lengths. */
    static List<RnnCase> forwardInTime() {
        return all().stream()
                .filter(one -> one.spec.direction() == Direction.FORWARD)
                .toList();
    }

    /** Every cell once, two layers, forward in time, full lengths. */
    static List<RnnCase> everyCell() {
        List<RnnCase> cases = new ArrayList<>();
        for (Cell cell : Cell.values()) {
            RnnSpec spec = spec(cell, 2, Direction.FORWARD);
            cases.add(RnnCase.random(spec, 5, 3, 400 + cell.ordinal()).awayFromKink());
        }
        return cases;
    }

    /** Larger ones, with sizes that no block size divides. */
    static List<RnnCase> large() {
        List<RnnCase> cases = new ArrayList<>();
        long seed = 500;
        for (Cell cell : Cell.values()) {
            for (Direction direction : Direction.values()) {
                RnnSpec spec = RnnSpec.of(cell, 7, 13).withLayers(2).withDirection(direction);
                int[] lengths = {17, 0, 1, 16, 9};
                cases.add(scaled(RnnCase.random(spec, 17, 5, seed++).withLengths(lengths)));
                cases.add(scaled(RnnCase.random(spec, 17, 5, seed++).oneHot()));
            }
            RnnSpec wide = RnnSpec.of(cell, 33, 65);
            cases.add(scaled(RnnCase.random(wide, 64, 3, seed++)));
            RnnSpec longer = RnnSpec.of(cell, 5, 37).withLayers(2).withDirection(Direction.BIDIRECTIONAL);
            int[] uneven = {130, 1, 129, 0, 64, 100, 7};
            cases.add(scaled(RnnCase.random(longer, 130, 7, seed++).withLengths(uneven)));
            RnnSpec tiny = RnnSpec.of(cell, 1, 1).withLayers(3);
            cases.add(scaled(RnnCase.random(tiny, 1, 1, seed++)));
        }
        return cases;
    }

    /** Every cell over hundreds of steps. */
    static List<RnnCase> longSequences() {
        List<RnnCase> cases = new ArrayList<>();
        long seed = 700;
        for (Cell cell : Cell.values()) {
            cases.add(scaled(RnnCase.random(RnnSpec.of(cell, 24, 40), 250, 3, seed++)));
            cases.add(scaled(RnnCase.random(RnnSpec.of(cell, 5, 17), 1000, 2, seed++)));
        }
        return cases;
    }

    /** Every cell, two layers with sizes that no block size divides, uneven lengths, and one infinite number in one place. */
    static List<RnnCase> infinite() {
        List<RnnCase> cases = new ArrayList<>();
        long seed = 900;
        for (Cell cell : Cell.values()) {
            for (Direction direction : List.of(Direction.FORWARD, Direction.BIDIRECTIONAL)) {
                RnnSpec spec = RnnSpec.of(cell, 3, 5).withLayers(2).withDirection(direction);
                for (InfinitePlace place : InfinitePlace.values()) {
                    if (place != InfinitePlace.C0 || cell.hasCellState()) {
                        RnnCase one = RnnCase.random(spec, 4, 4, seed++).withLengths(4, 2, 0, 3);
                        cases.add(place.set(scaled(one), seed % 2 == 0 ? 1 / 0.0 : -1 / 0.0));
                    }
                }
            }
        }
        return cases;
    }

    /** Where {@link #infinite} puts an infinity. */
    private enum InfinitePlace {
        X,
        H0,
        H0_OF_AN_EMPTY_ROW,
        C0,
        WEIGHT_IH,
        WEIGHT_HH,
        WEIGHT_IH_L1,
        BIAS,
        DY,
        DH;

        private RnnCase set(RnnCase one, double infinity) {
            int hidden = one.spec.hiddenSize();
            StateValues initial = Objects.requireNonNull(one.initial);
            switch (this) {
                case X -> one.x[(one.batch + 1) * one.spec.inputSize() + 1] = infinity;
                case H0 -> initial.h()[hidden + 2] = infinity;
                case H0_OF_AN_EMPTY_ROW -> initial.h()[2 * hidden + 2] = infinity;
                case C0 -> initial.c()[hidden + 2] = infinity;
                case WEIGHT_IH -> setWeight(one, "weight_ih_l0", infinity);
                case WEIGHT_HH -> setWeight(one, "weight_hh_l0", infinity);
                case WEIGHT_IH_L1 -> setWeight(one, "weight_ih_l1", infinity);
                case BIAS -> setWeight(one, "bias_ih_l0", infinity);
                case DY -> Objects.requireNonNull(one.dy)[(one.batch + 1) * one.spec.outputSize() + 1] = infinity;
                case DH -> Objects.requireNonNull(one.dLast).h()[hidden + 2] = infinity;
            }
            return one;
        }

        private static void setWeight(RnnCase one, String entry, double infinity) {
            one.weights[one.spec.layout().entry(entry).offset() + 4] = infinity;
        }
    }

    /** Weights of at most 1 / sqrt(H), as networks start with, so that results are of unit scale. */
    static RnnCase scaled(RnnCase one) {
        RnnCase scaled = one.copy();
        scaled.weights =
                new Numbers(one.spec.hiddenSize()).uniform(one.weights.length, 1 / Math.sqrt(one.spec.hiddenSize()));
        return scaled;
    }
}
