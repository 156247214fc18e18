// Rows of a sequence between the order of time and the order of the steps, and rows that start with the biases. Step s of row n
// lies at time s, or for the reverse direction at length - 1 - s: there the row's last valid step comes first.
//
// lengths [N] or null: all rows are full. reverse: whether the steps run against time. A "Row" parameter is the distance of
// two rows in floats; the pointer is at the first column that counts.
//
// One thread: one element. Launch: one dimension, any grid and block.
// Together they equal how LayerPass of the oracle looks up x and writes y by time(s, n).
#include "indexing.cuh"

// steps-ordered target [T, N, width], dense: the rows of source [T, N, sourceRow] in the order of the steps, 0 past the
// lengths, whatever stands there in source. If the order is the same, and source dense, it may be the target.
extern "C" __global__ void rondo_rows_to_steps(const float* source, int sourceRow, const int* lengths, int reverse,
                                               int steps, int batch, int width, float* target) {
    long long elements = static_cast<long long>(steps) * batch * width;
    for (long long at = rondo::firstElement(); at < elements; at += rondo::elementStride()) {
        rondo::Element element = rondo::elementOf(at, width);
        rondo::Element row = rondo::elementOf(element.row, batch);
        int s = static_cast<int>(row.row);
        long long n = row.column;
        float value = 0;
        if (rondo::isValid(lengths, n, s)) {
            long long t = rondo::timeOf(lengths, n, s, steps, reverse);
            value = source[(t * batch + n) * sourceRow + element.column];
        }
        target[at] = value;
    }
}

// target [T, N, targetRow] in the order of time: the rows of source [T, N, width], dense, in the order of the steps.
// Assigned, 0 past the lengths; or with accumulate added, nothing past the lengths.
extern "C" __global__ void rondo_rows_to_time(const float* source, const int* lengths, int reverse, int steps, int batch,
                                              int width, float* target, int targetRow, int accumulate) {
    long long elements = static_cast<long long>(steps) * batch * width;
    for (long long at = rondo::firstElement(); at < elements; at += rondo::elementStride()) {
        rondo::Element element = rondo::elementOf(at, width);
        rondo::Element row = rondo::elementOf(element.row, batch);
        int s = static_cast<int>(row.row);
        long long n = row.column;
        long long t = rondo::timeOf(lengths, n, s, steps, reverse);
        float* to = target + (t * batch + n) * targetRow + element.column;
        bool valid = rondo::isValid(lengths, n, s);
        if (!accumulate) {
            *to = valid ? source[at] : 0.0f;
        } else if (valid) {
            *to += source[at];
        }
    }
}

// target [N, width]: the rows that have ended before step s become those of source, or 0 where source is null. After a product,
// which has added zero times a weight to them: NaN if that is infinite.
extern "C" __global__ void rondo_rows_past_lengths(float* target, const float* source, const int* lengths, int s, int batch,
                                                   int width) {
    long long elements = static_cast<long long>(batch) * width;
    for (long long at = rondo::firstElement(); at < elements; at += rondo::elementStride()) {
        if (!rondo::isValid(lengths, rondo::elementOf(at, width).row, s)) {
            target[at] = source == nullptr ? 0.0f : source[at];
        }
    }
}

// target [T, N]: the indices of source [T, N] in the order of the steps, -1 past the lengths and for an index outside of
// [0, limit); the host has refused it where it is wrong.
extern "C" __global__ void rondo_indices_to_steps(const int* source, const int* lengths, int reverse, int steps, int batch,
                                                  int limit, int* target) {
    long long elements = static_cast<long long>(steps) * batch;
    for (long long at = rondo::firstElement(); at < elements; at += rondo::elementStride()) {
        rondo::Element row = rondo::elementOf(at, batch);
        int s = static_cast<int>(row.row);
        long long n = row.column;
        int index = -1;
        if (rondo::isValid(lengths, n, s)) {
            long long t = rondo::timeOf(lengths, n, s, steps, reverse);
            index = source[t * batch + n];
            if (index < 0 || index >= limit) {
                index = -1;
            }
        }
        target[at] = index;
    }
}

// target[m][j] = a[j] + b[j] for j < width, in so many rows at a distance of targetRow: what gates start with, and a linear
// layer. Either vector may be null: zero.
extern "C" __global__ void rondo_fill_rows(float* target, int targetRow, long long rows, int width, const float* a,
                                           const float* b) {
    long long elements = rows * width;
    for (long long at = rondo::firstElement(); at < elements; at += rondo::elementStride()) {
        rondo::Element element = rondo::elementOf(at, width);
        float value = a == nullptr ? 0.0f : a[element.column];
        if (b != nullptr) {
            value += b[element.column];
        }
        target[element.row * targetRow + element.column] = value;
    }
}

// target[indices[m]][j] = source[m][j] for j < width; both dense, and no index twice. An index outside [0, limit) is written
// nowhere; the host has refused it. What it undoes is rondo_gather_rows. Equals Storage.scatterRows.
extern "C" __global__ void rondo_scatter_rows(const float* source, const int* indices, int rows, int width, int limit,
                                              float* target) {
    long long elements = static_cast<long long>(rows) * width;
    for (long long at = rondo::firstElement(); at < elements; at += rondo::elementStride()) {
        rondo::Element element = rondo::elementOf(at, width);
        long long index = indices[element.row];
        if (index >= 0 && index < limit) {
            target[index * width + element.column] = source[at];
        }
    }
}
