package dev.rondo.model;

import dev.rondo.Cell;
import dev.rondo.Direction;
import dev.rondo.Linear;
import dev.rondo.ParameterLayout;
import dev.rondo.RnnSpec;
import dev.rondo.internal.Arguments;

/**
 * The description of an {@link EncoderDecoder}. Immutable; the methods {@code with...} return a changed copy.
 *
 * <p>Weights by name: {@code source.weight}, {@code encoder.}, {@code bridge.} where the states have different sizes,
 * {@code target.weight}, {@code condition.weight} without attention, {@code decoder.}, {@code attention.} with it,
 * {@code output.weight}, {@code output.bias}.
 */
public final class EncoderDecoderSpec {
    /** How the decoder sees the source. */
    public enum Source {
        /** As one vector, the last output of the encoder, which is an extra input at every step (Cho et al. 2014). */
        SUMMARY("none"),
        /** By attention with the scaled dot product (Luong, Pham, Manning 2015). */
        DOT_ATTENTION("dot"),
        /** By attention with the additive score (Bahdanau, Cho, Bengio 2015). */
        ADDITIVE_ATTENTION("additive");

        private final String key;

        Source(String key) {
            this.key = key;
        }

        /**
         * The attention's name in files and on the command line.
         *
         * @return {@code none}, {@code dot} or {@code additive}
         */
        public String key() {
            return key;
        }

        /**
         * The constant of a {@link #key()}.
         *
         * @param key such as {@code dot}
         * @return the constant
         * @throws IllegalArgumentException if there is none
         */
        public static Source ofKey(String key) {
            for (Source source : values()) {
                if (source.key.equals(key)) {
                    return source;
                }
            }
            throw new IllegalArgumentException("attention: expected none, dot or additive, got " + key);
        }
    }

    private final Cell cell;
    private final int sourceWords;
    private final int targetWords;
    private final int embeddingSize;
    private final int hiddenSize;
    private final int layers;
    private final boolean bidirectional;
    private final Source source;
    private final double dropout;

    private EncoderDecoderSpec(
            Cell cell,
            int sourceWords,
            int targetWords,
            int embeddingSize,
            int hiddenSize,
            int layers,
            boolean bidirectional,
            Source source,
            double dropout) {
        this.cell = Arguments.notNull("cell", cell);
        this.sourceWords = Arguments.positive("sourceWords", sourceWords);
        this.targetWords = Arguments.positive("targetWords", targetWords);
        this.embeddingSize = Arguments.positive("embeddingSize", embeddingSize);
        this.hiddenSize = Arguments.positive("hiddenSize", hiddenSize);
        this.layers = Arguments.positive("layers", layers);
        this.bidirectional = bidirectional;
        this.source = Arguments.notNull("source", source);
        this.dropout = Arguments.inRange("dropout", dropout, 0, Math.nextDown(1.0));
    }

    /**
     * One layer, forward, without attention and dropout.
     *
     * @param cell of encoder and decoder
     * @param sourceWords size of the vocabulary of the source
     * @param targetWords size of the vocabulary of the target
     * @param embeddingSize size of the vector of a word
     * @param hiddenSize hidden size of encoder and decoder
     * @return the description
     */
    public static EncoderDecoderSpec of(
            Cell cell, int sourceWords, int targetWords, int embeddingSize, int hiddenSize) {
        return new EncoderDecoderSpec(
                cell, sourceWords, targetWords, embeddingSize, hiddenSize, 1, false, Source.SUMMARY, 0);
    }

    /**
     * The same for other vocabularies.
     *
     * @param sourceWords size of the vocabulary of the source
     * @param targetWords size of the vocabulary of the target
     * @return a changed copy
     */
    public EncoderDecoderSpec withWords(int sourceWords, int targetWords) {
        return new EncoderDecoderSpec(
                cell, sourceWords, targetWords, embeddingSize, hiddenSize, layers, bidirectional, source, dropout);
    }

    /**
     * The same with more layers.
     *
     * @param layers of encoder and decoder
     * @return a changed copy
     */
    public EncoderDecoderSpec withLayers(int layers) {
        return new EncoderDecoderSpec(
                cell, sourceWords, targetWords, embeddingSize, hiddenSize, layers, bidirectional, source, dropout);
    }

    /**
     * The same with an encoder that reads in both directions. Its state is mapped to that of the decoder by a learnt map.
     *
     * @param bidirectional whether it does
     * @return a changed copy
     */
    public EncoderDecoderSpec withBidirectionalEncoder(boolean bidirectional) {
        return new EncoderDecoderSpec(
                cell, sourceWords, targetWords, embeddingSize, hiddenSize, layers, bidirectional, source, dropout);
    }

    /**
     * The same with another view of the source.
     *
     * @param source how the decoder sees the source
     * @return a changed copy
     */
    public EncoderDecoderSpec withSource(Source source) {
        return new EncoderDecoderSpec(
                cell, sourceWords, targetWords, embeddingSize, hiddenSize, layers, bidirectional, source, dropout);
    }

    /**
     * The same with dropout between layers in training.
     *
     * @param dropout probability, 0 to 1 exclusive
     * @return a changed copy
     */
    public EncoderDecoderSpec withDropout(double dropout) {
        return new EncoderDecoderSpec(
                cell, sourceWords, targetWords, embeddingSize, hiddenSize, layers, bidirectional, source, dropout);
    }

    /**
     * The cell.
     *
     * @return of encoder and decoder
     */
    public Cell cell() {
        return cell;
    }

    /**
     * The size of the vocabulary of the source.
     *
     * @return at least 1
     */
    public int sourceWords() {
        return sourceWords;
    }

    /**
     * The size of the vocabulary of the target.
     *
     * @return at least 1
     */
    public int targetWords() {
        return targetWords;
    }

    /**
     * The size of the vector of a word.
     *
     * @return at least 1
     */
    public int embeddingSize() {
        return embeddingSize;
    }

    /**
     * The hidden size H of encoder and decoder.
     *
     * @return at least 1
     */
    public int hiddenSize() {
        return hiddenSize;
    }

    /**
     * The number of layers.
     *
     * @return at least 1
     */
    public int layers() {
        return layers;
    }

    /**
     * Whether the encoder reads in both directions.
     *
     * @return true if it does
     */
    public boolean bidirectional() {
        return bidirectional;
    }

    /**
     * How the decoder sees the source.
     *
     * @return never null
     */
    public Source source() {
        return source;
    }

    /**
     * Dropout between layers.
     *
     * @return probability
     */
    public double dropout() {
        return dropout;
    }

    /**
     * The network that reads the source.
     *
     * @return its description
     */
    public RnnSpec encoder() {
        return RnnSpec.of(cell, embeddingSize, hiddenSize)
                .withLayers(layers)
                .withDropout(dropout)
                .withDirection(bidirectional ? Direction.BIDIRECTIONAL : Direction.FORWARD);
    }

    /**
     * The network that writes the target.
     *
     * @return its description
     */
    public RnnSpec decoder() {
        return RnnSpec.of(cell, embeddingSize, hiddenSize).withLayers(layers).withDropout(dropout);
    }

    /**
     * The names and shapes of all weights.
     *
     * @return the layout
     */
    public ParameterLayout layout() {
        ParameterLayout.Builder builder = ParameterLayout.builder()
                .add("source.weight", sourceWords, embeddingSize)
                .add("encoder.", encoder().layout());
        StateBridge.addWeights(builder, encoder(), decoder());
        builder.add("target.weight", targetWords, embeddingSize);
        if (source == Source.SUMMARY) {
            builder.add("condition.weight", decoder().gateRows(), encoder().outputSize());
        }
        builder.add("decoder.", decoder().layout());
        if (source != Source.SUMMARY) {
            AttentionOutput.addWeights(builder, this);
        }
        return builder.add("output.", Linear.layout(hiddenSize, targetWords)).build();
    }
}
