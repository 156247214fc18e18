package dev.rondo.cpu;

import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import dev.rondo.internal.IntArrayStorage;
import org.jspecify.annotations.Nullable;

/** One call on Gaussians. Elements are taken in pieces; the sums of the pieces are added up in their order, in double. */
final class GaussianCall {
    /** Elements of a piece. */
    private static final int PIECE = 4096;

    private static final int[] NONE = new int[0];
    private static final double LOG_TWO_PI = Math.log(2 * Math.PI);

    private final Workers workers;
    private final HostArray x = new HostArray();
    private final HostArray mean = new HostArray();
    private final HostArray logVariance = new HostArray();
    private final HostArray priorMean = new HostArray();
    private final HostArray priorLogVariance = new HostArray();
    private final HostArray dMean = new HostArray();
    private final HostArray dLogVariance = new HostArray();
    private final HostArray dPriorMean = new HostArray();
    private final HostArray dPriorLogVariance = new HostArray();
    private final HostArray result = new HostArray();
    private final Workers.Piece forward = this::forward;
    private final Workers.Piece backward = this::backward;
    private final Workers.Piece divergence = this::divergence;
    private final Workers.Piece loss = this::loss;

    private double[] sums = new double[0];
    private int size;
    private int columns;
    private int[] mask = NONE;
    private int maskAt;
    private double factor;
    private boolean hasPrior;
    private boolean wantGradient;
    private boolean wantPriorGradient;

    GaussianCall(Workers workers) {
        this.workers = workers;
    }

    private void run(int operationsEach, Workers.Piece piece) {
        workers.pieces((long) operationsEach * size, pieces(), piece);
    }

    private int pieces() {
        return (int) ((size + PIECE - 1L) / PIECE);
    }

    private int end(int piece) {
        return (int) Math.min(size, (piece + 1L) * PIECE);
    }

    private void close() {
        x.close();
        mean.close();
        logVariance.close();
        priorMean.close();
        priorLogVariance.close();
        dMean.close();
        dLogVariance.close();
        dPriorMean.close();
        dPriorLogVariance.close();
        result.close();
        mask = NONE;
    }

    private static boolean open(HostArray array, @Nullable Tensor tensor) {
        if (tensor != null) {
            array.open(tensor);
        }
        return tensor != null;
    }

    private static void writeBack(HostArray array, @Nullable Tensor tensor) {
        if (tensor != null) {
            array.writeBack(tensor);
        }
    }

    void forward(Tensor means, Tensor logVariances, Tensor noise, Tensor z) {
        size = means.size();
        try {
            mean.open(means);
            logVariance.open(logVariances);
            x.open(noise);
            result.open(z);
            run(20, forward);
            result.writeBack(z);
        } finally {
            close();
        }
    }

    private void forward(int piece) {
        for (int i = piece * PIECE; i < end(piece); i++) {
            double deviation = Math.exp(0.5 * logVariance.array[logVariance.offset + i]);
            result.array[result.offset + i] = (float) (mean.array[mean.offset + i] + deviation * x.array[x.offset + i]);
        }
    }

    void backward(Tensor logVariances, Tensor noise, Tensor dz, Tensor dMeans, Tensor dLogVariances) {
        size = dz.size();
        try {
            logVariance.open(logVariances);
            x.open(noise);
            result.open(dz);
            dMean.open(dMeans);
            dLogVariance.open(dLogVariances);
            run(20, backward);
            dMean.writeBack(dMeans);
            dLogVariance.writeBack(dLogVariances);
        } finally {
            close();
        }
    }

    private void backward(int piece) {
        for (int i = piece * PIECE; i < end(piece); i++) {
            float dz = result.array[result.offset + i];
            double deviation = Math.exp(0.5 * logVariance.array[logVariance.offset + i]);
            dMean.array[dMean.offset + i] += dz;
            dLogVariance.array[dLogVariance.offset + i] += (float) (0.5 * dz * x.array[x.offset + i] * deviation);
        }
    }

    void divergence(
            Tensor means,
            Tensor logVariances,
            @Nullable Tensor priorMeans,
            @Nullable Tensor priorLogVariances,
            @Nullable IntTensor counted,
            double times,
            Tensor value,
            @Nullable Tensor dMeans,
            @Nullable Tensor dLogVariances,
            @Nullable Tensor dPriorMeans,
            @Nullable Tensor dPriorLogVariances) {
        begin(means, counted, times);
        try {
            mean.open(means);
            logVariance.open(logVariances);
            hasPrior = open(priorMean, priorMeans);
            open(priorLogVariance, priorLogVariances);
            wantGradient = open(dMean, dMeans);
            open(dLogVariance, dLogVariances);
            wantPriorGradient = open(dPriorMean, dPriorMeans);
            open(dPriorLogVariance, dPriorLogVariances);
            run(40, divergence);
            finish(value, dMeans, dLogVariances);
            writeBack(dPriorMean, dPriorMeans);
            writeBack(dPriorLogVariance, dPriorLogVariances);
        } finally {
            close();
        }
    }

    private void begin(Tensor rows, @Nullable IntTensor counted, double times) {
        size = rows.size();
        columns = counted != null ? size / counted.size() : size;
        if (counted != null) {
            mask = ((IntArrayStorage) counted.storage()).array();
            maskAt = counted.offset();
        }
        factor = times;
        sums = sums.length >= pieces() ? sums : new double[pieces()];
    }

    private void finish(Tensor value, @Nullable Tensor dMeans, @Nullable Tensor dLogVariances) {
        double sum = 0;
        for (int piece = 0; piece < pieces(); piece++) {
            sum += sums[piece];
        }
        writeBack(dMean, dMeans);
        writeBack(dLogVariance, dLogVariances);
        result.open(value);
        result.array[result.offset] = (float) (factor * sum);
        result.writeBack(value);
    }

    private boolean counts(int i) {
        return mask == NONE || mask[maskAt + i / columns] != 0;
    }

    private void divergence(int piece) {
        double sum = 0;
        for (int i = piece * PIECE; i < end(piece); i++) {
            if (!counts(i)) {
                continue;
            }
            double l = logVariance.array[logVariance.offset + i];
            double pl = hasPrior ? priorLogVariance.array[priorLogVariance.offset + i] : 0;
            double pm = hasPrior ? priorMean.array[priorMean.offset + i] : 0;
            double difference = mean.array[mean.offset + i] - pm;
            double ratio = Math.exp(l - pl);
            double scaled = hasPrior ? difference * Math.exp(-pl) : difference;
            sum += (pl - l + ratio + difference * scaled - 1) / 2;
            if (wantGradient) {
                dMean.array[dMean.offset + i] += (float) (factor * scaled);
                dLogVariance.array[dLogVariance.offset + i] += (float) (factor * (ratio - 1) / 2);
            }
            if (wantPriorGradient) {
                dPriorMean.array[dPriorMean.offset + i] -= (float) (factor * scaled);
                dPriorLogVariance.array[dPriorLogVariance.offset + i] +=
                        (float) (factor * (1 - ratio - difference * scaled) / 2);
            }
        }
        sums[piece] = sum;
    }

    void loss(
            Tensor values,
            Tensor means,
            Tensor logVariances,
            @Nullable IntTensor counted,
            double times,
            Tensor value,
            @Nullable Tensor dMeans,
            @Nullable Tensor dLogVariances) {
        begin(values, counted, times);
        try {
            x.open(values);
            mean.open(means);
            logVariance.open(logVariances);
            wantGradient = open(dMean, dMeans);
            open(dLogVariance, dLogVariances);
            run(30, loss);
            finish(value, dMeans, dLogVariances);
        } finally {
            close();
        }
    }

    private void loss(int piece) {
        double sum = 0;
        for (int i = piece * PIECE; i < end(piece); i++) {
            if (!counts(i)) {
                continue;
            }
            double l = logVariance.array[logVariance.offset + i];
            double difference = (double) x.array[x.offset + i] - mean.array[mean.offset + i];
            double scaled = difference * Math.exp(-l);
            sum += (LOG_TWO_PI + l + difference * scaled) / 2;
            if (wantGradient) {
                dMean.array[dMean.offset + i] -= (float) (factor * scaled);
                dLogVariance.array[dLogVariance.offset + i] += (float) (factor * (1 - difference * scaled) / 2);
            }
        }
        sums[piece] = sum;
    }
}
