// The matrix products: all forms, sizes at and around the edges of the tiles, pitches, both ways to write C, parts of the depth.
#include "harness.h"

namespace {

struct Form {
    const char* name;
    bool aDepthFirst, bDepthFirst;
};
const Form NT = {"nt", true, true}, NN = {"nn", true, false}, TN = {"tn", false, false};

struct Size {
    int m, n, k;
};
const std::vector<Size> SIZES = {{1, 1, 1}, {1, 33, 65}, {7, 3, 5}, {33, 65, 100}, {65, 130, 33}, {129, 131, 17}};

struct Product {
    Form form;
    Size size;
    int gap; // between the rows of the matrices
    Floats a, b, c;
    long long aRow, bRow, cRow;

    Product(Form form, Size size, int gap) : form(form), size(size), gap(gap) {
        auto [m, n, k] = size;
        aRow = (form.aDepthFirst ? k : m) + gap;
        bRow = (form.bDepthFirst ? k : n) + gap;
        cRow = n + gap;
        a = randoms(static_cast<size_t>((form.aDepthFirst ? m : k) * aRow - gap), 1);
        b = randoms(static_cast<size_t>((form.bDepthFirst ? n : k) * bRow - gap), 2);
        c = randoms(static_cast<size_t>(m * cRow - gap), 3);
    }
    Doubles expected(bool accumulate) const {
        Doubles result = toDoubles(c);
        for (int i = 0; i < size.m; i++) {
            for (int j = 0; j < size.n; j++) {
                double sum = accumulate ? c[i * cRow + j] : 0;
                for (int k = 0; k < size.k; k++) {
                    double left = a[form.aDepthFirst ? i * aRow + k : k * aRow + i];
                    sum += left * b[form.bDepthFirst ? j * bRow + k : k * bRow + j];
                }
                result[i * cRow + j] = sum;
            }
        }
        return result;
    }
    std::string text(bool accumulate) const {
        return std::string(form.name) + " " + shape({size.m, size.n, size.k, gap, accumulate});
    }
};

unsigned tiles(int size, int tile) { return static_cast<unsigned>((size + tile - 1) / tile); }

void check(const std::string& family, const std::vector<Form>& forms, const std::vector<Size>& sizes, int tileM, int tileN,
           bool parts, double tolerance) {
    for (Form form : forms) {
        for (Size size : sizes) {
            for (int gap : {0, 3, 4}) {
                Product p(form, size, gap);
                std::string name = family + form.name;
                Grid grid = {tiles(size.n, tileN), tiles(size.m, tileM)};
                Buffer<float> a(p.a), b(p.b);
                for (int accumulate : {0, 1}) {
                    Buffer<float> c(p.c), again(p.c);
                    for (Buffer<float>* target : {&c, &again}) {
                        if (parts) {
                            launch(name.c_str(), grid, a, p.aRow, b, p.bRow, *target, p.cRow, size.m, size.n, size.k,
                                   accumulate, size.k, 0LL);
                        } else {
                            launch(name.c_str(), grid, a, p.aRow, b, p.bRow, *target, p.cRow, size.m, size.n, size.k,
                                   accumulate);
                        }
                    }
                    Floats result = c.read();
                    NEAR(result, p.expected(accumulate), tolerance * std::sqrt(size.k), name + " " + p.text(accumulate));
                    CHECK(result == again.read(), name + " " + p.text(accumulate));
                }
            }
        }
    }
}

} // namespace

TEST(productInFp32) { check("rondo_product_", {NT, NN, TN}, SIZES, 128, 128, true, 3e-7); }

TEST(productWithFewRows) {
    check("rondo_product_few_rows_", {NT, NN}, {{1, 1, 1}, {1, 33, 65}, {7, 3, 5}, {33, 17, 300}, {32, 16, 128}, {31, 65, 257}}, 32,
          16, false, 3e-7);
}

TEST(productInTf32) { check("rondo_product_tf32_", {NT, NN, TN}, {{1, 1, 1}, {33, 65, 100}, {129, 67, 17}}, 128, 64, true, 6e-4); }

TEST(productInThreeTf32) {
    check("rondo_product_3xtf32_", {NT, NN, TN}, {{1, 1, 1}, {33, 65, 100}, {129, 67, 17}}, 128, 64, true, 4e-7);
}

// Terms of one sign, as in the gradient of a bias: what is cut off at each addition adds up.
TEST(productInThreeTf32OverALargeDepth) {
    for (Form form : {NT, TN}) {
        Product p(form, {17, 33, 2048}, 0);
        for (Floats* values : {&p.a, &p.b}) {
            for (float& value : *values) {
                value = std::fabs(value);
            }
        }
        Buffer<float> a(p.a), b(p.b), c(p.c);
        launch((std::string("rondo_product_3xtf32_") + form.name).c_str(), {1, 1}, a, p.aRow, b, p.bRow, c, p.cRow, 17, 33, 2048, 0,
               2048, 0LL);
        NEAR(c.read(), p.expected(false), 2e-6, p.text(false));
    }
}

TEST(productInBf16) { check("rondo_product_bf16_", {NT, NN, TN}, {{1, 1, 1}, {33, 65, 100}, {129, 67, 33}}, 128, 64, true, 5e-3); }

TEST(productInParts) {
    for (const char* family : {"rondo_product_", "rondo_product_tf32_", "rondo_product_3xtf32_", "rondo_product_bf16_"}) {
        for (int depthPerPart : {3, 32, 50}) {
            Product p(TN, {5, 33, 100}, 0);
            int count = (100 + depthPerPart - 1) / depthPerPart;
            Buffer<float> a(p.a), b(p.b), c(p.c), parts(static_cast<size_t>(count) * 5 * 33);
            launch((std::string(family) + "tn").c_str(), {1, 1, static_cast<unsigned>(count)}, a, p.aRow, b, p.bRow, parts, 33LL, 5,
                   33, 100, 0, depthPerPart, 5 * 33LL);
            launch("rondo_product_sum_parts", gridFor(5 * 33), parts, count, 5, 33, c, p.cRow, 1);
            NEAR(c.read(), p.expected(true), std::string(family) == "rondo_product_" ? 3e-6 : 5e-2, family + shape({depthPerPart}));
        }
    }
}

TEST(threeTf32MakesInfinitiesNan) {
    float infinity = std::numeric_limits<float>::infinity();
    Buffer<float> a(Floats{infinity, 1}), b(Floats{2, 3}), c(Floats{0});
    launch("rondo_product_3xtf32_nt", {1, 1}, a, 2LL, b, 2LL, c, 1LL, 1, 1, 2, 0, 2, 0LL);
    CHECK(std::isnan(c.read()[0]), std::to_string(c.read()[0]));
}
