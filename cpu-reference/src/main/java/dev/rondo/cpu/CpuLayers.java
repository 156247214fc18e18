package dev.rondo.cpu;

import dev.rondo.IntTensor;
import dev.rondo.Tensor;
import dev.rondo.spi.LayerKernels;
import org.jspecify.annotations.Nullable;

/** Linear layer, embedding and layer normalisation. A call borrows an object with its scratch, so any number of threads call at the same time. */
final class CpuLayers implements LayerKernels {
    private final Spares<LinearProduct> products;
    private final Spares<LinearGradient> gradients;
    private final Spares<EmbeddingRows> embeddings;
    private final Spares<LayerNormRows> norms;

    CpuLayers(InnerLoops loops, Workers workers, PackedCache cache) {
        Spares<LinearProduct.Scratch> tiles = new Spares<>(LinearProduct.Scratch::new);
        Spares<LinearGradient.Scratch> sums = new Spares<>(() -> new LinearGradient.Scratch(loops));
        this.products = new Spares<>(() -> new LinearProduct(loops, workers, cache, tiles));
        this.gradients = new Spares<>(() -> new LinearGradient(loops, workers, sums));
        Spares<double[]> rowSums = new Spares<>(EmbeddingRows::sums);
        this.embeddings = new Spares<>(() -> new EmbeddingRows(workers, rowSums));
        this.norms = new Spares<>(() -> new LayerNormRows(workers));
    }

    @Override
    public void linearForward(Tensor weight, @Nullable Tensor bias, Tensor x, Tensor y) {
        product(false, weight, bias, x, y);
    }

    private void product(boolean backward, Tensor weight, @Nullable Tensor bias, Tensor left, Tensor result) {
        LinearProduct product = products.borrow();
        product.run(backward, weight, bias, left, result);
        products.giveBack(product);
    }

    @Override
    public void linearBackward(
            Tensor weight, Tensor x, Tensor dy, @Nullable Tensor dx, @Nullable Tensor dWeight, @Nullable Tensor dBias) {
        if (dx != null) {
            product(true, weight, null, dy, dx);
        }
        if (dWeight != null || dBias != null) {
            LinearGradient gradient = gradients.borrow();
            gradient.run(x.size() / weight.dimension(1), x, dy, dWeight, dBias);
            gradients.giveBack(gradient);
        }
    }

    @Override
    public void embeddingForward(Tensor table, IntTensor indices, Tensor y) {
        EmbeddingRows rows = embeddings.borrow();
        rows.forward(table, indices, y);
        embeddings.giveBack(rows);
    }

    @Override
    public void embeddingBackward(IntTensor indices, Tensor dy, Tensor dTable) {
        EmbeddingRows rows = embeddings.borrow();
        rows.backward(indices, dy, dTable);
        embeddings.giveBack(rows);
    }

    @Override
    public void layerNormForward(
            Tensor weight, Tensor bias, Tensor x, double epsilon, Tensor y, @Nullable Tensor statistics) {
        LayerNormRows rows = norms.borrow();
        rows.forward(weight, bias, x, epsilon, y, statistics);
        norms.giveBack(rows);
    }

    @Override
    public void layerNormBackward(
            Tensor weight,
            Tensor x,
            Tensor statistics,
            Tensor dy,
            @Nullable Tensor dx,
            @Nullable Tensor dWeight,
            @Nullable Tensor dBias) {
        LayerNormRows rows = norms.borrow();
        rows.backward(weight, x, statistics, dy, dx, dWeight, dBias);
        norms.giveBack(rows);
    }
}
