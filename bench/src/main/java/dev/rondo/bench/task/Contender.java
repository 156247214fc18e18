package dev.rondo.bench.task;

import dev.rondo.Cell;
import dev.rondo.RnnParameters;
import dev.rondo.RnnSpec;
import dev.rondo.Tensor;
import dev.rondo.train.Initializers;
import java.util.Locale;
import java.util.Random;

/** The networks that the tasks of long time lags compare: a cell, and how its recurrent weights begin. */
enum Contender {
    /** Begins as PyTorch does. */
    RNN("RNN", Cell.RNN_TANH) {
        @Override
        void begin(RnnParameters weights, int lag, Random random) {
            // as drawn
        }
    },

    /** All singular values are 1: the gradient keeps its norm where tanh is steep (Saxe, McClelland, Ganguli 2014). */
    RNN_ORTHOGONAL("RNN, orthogonal", Cell.RNN_TANH) {
        @Override
        void begin(RnnParameters weights, int lag, Random random) {
            Initializers.orthogonal(weights.tensor("weight_hh_l0"), random);
            clear(weights);
        }
    },

    /**
     * Each unit remembers its sum (Le, Jaitly, Hinton, "A simple way to initialize recurrent networks of rectified linear units", 2015).
     * The input weights have the deviation 0.1 in place of their 0.001, with which it takes longer to begin.
     */
    RNN_IDENTITY("RNN (relu), identity", Cell.RNN_RELU) {
        @Override
        void begin(RnnParameters weights, int lag, Random random) {
            Initializers.identity(weights.tensor("weight_hh_l0"), 1);
            Initializers.gaussian(weights.tensor("weight_ih_l0"), 0.1, random);
            clear(weights);
        }
    },

    /** The cells forget after times up to the lag: b_f = log u, b_i = -b_f (Tallec, Ollivier, "Can recurrent neural networks warp time?"). */
    LSTM("LSTM", Cell.LSTM) {
        @Override
        void begin(RnnParameters weights, int lag, Random random) {
            clear(weights);
            int hidden = weights.spec().hiddenSize();
            Tensor bias = weights.tensor("bias_ih_l0");
            double[] forget = logarithms(hidden, lag, random);
            double[] input = new double[hidden];
            for (int k = 0; k < hidden; k++) {
                input[k] = -forget[k];
            }
            bias.view(0, hidden).set(input);
            bias.view(hidden, hidden).set(forget);
        }
    },

    /** As the LSTM, of whose forget gate the update gate has the part. */
    GRU("GRU", Cell.GRU) {
        @Override
        void begin(RnnParameters weights, int lag, Random random) {
            clear(weights);
            int hidden = weights.spec().hiddenSize();
            weights.tensor("bias_ih_l0").view(hidden, hidden).set(logarithms(hidden, lag, random));
        }
    };

    private final String title;
    private final Cell cell;

    Contender(String title, Cell cell) {
        this.title = title;
        this.cell = cell;
    }

    /** What it is called in plots and lines. */
    String title() {
        return title;
    }

    /** What its figures begin with. */
    String key() {
        return name().toLowerCase(Locale.ROOT);
    }

    RnnSpec spec(int inputSize, int hiddenSize) {
        return RnnSpec.of(cell, inputSize, hiddenSize);
    }

    /**
     * Changes weights that were drawn into those that this begins with.
     *
     * @param lag how many steps have to be remembered
     */
    abstract void begin(RnnParameters weights, int lag, Random random);

    private static void clear(RnnParameters weights) {
        weights.tensor("bias_ih_l0").fill(0);
        weights.tensor("bias_hh_l0").fill(0);
    }

    /** log u, with u even between 1 and lag - 1. */
    private static double[] logarithms(int count, int lag, Random random) {
        return random.doubles(count, 1, Math.max(lag - 1, 2)).map(Math::log).toArray();
    }
}
