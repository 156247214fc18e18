// Products of a warp in the lane layout of PTX: lane = 4 * group + t; D = A * B + C with A [16 x K] row by row and
// B [K x 8] column by column. As on a device, products of 16-bit and TF32 numbers are exact, and so is here their sum with C, which
// is then cut off to float: rounded towards zero. A device cuts off each term too, a few bits behind the largest one.
#pragma once

#include "arithmetic.h"
#include "warp.h"

namespace rondo_emu {

inline float decodeBfloat16(unsigned bits) { return to_float(bfloat16{static_cast<unsigned short>(bits)}); }
inline float decodeHalf16(unsigned bits) { return to_float(half16{static_cast<unsigned short>(bits)}); }

// What a tensor core makes of a sum.
inline float cutOff(double sum) {
    float nearest = static_cast<float>(sum);
    return std::isfinite(nearest) && fabs(static_cast<double>(nearest)) > fabs(sum) ? nextafterf(nearest, 0.0f) : nearest;
}

// Every lane shows 64 bits, and takes those of the four lanes that hold row `group` (or column `group`).
inline void gather(uint64_t mine, unsigned group, uint64_t (&out)[4], const char* file, int line) {
    unsigned arrived;
    const uint64_t* slots = rondo_emu_warp_exchange(WarpOperation::matrix, ~0u, mine, &arrived, file, line);
    if (arrived != ~0u) {
        rondo_emu_trap("a matrix operation in a warp that is not whole", file, line);
    }
    memcpy(out, slots + group * 4, sizeof out);
}

// B is needed for two columns, 2t and 2t + 1.
inline void gatherColumns(uint64_t mine, unsigned t, uint64_t (&out)[2][4], const char* file, int line) {
    unsigned arrived;
    const uint64_t* slots = rondo_emu_warp_exchange(WarpOperation::matrix, ~0u, mine, &arrived, file, line);
    memcpy(out[0], slots + 2 * t * 4, sizeof out[0]);
    memcpy(out[1], slots + (2 * t + 1) * 4, sizeof out[1]);
}

inline uint64_t pair(unsigned low, unsigned high) { return low | static_cast<uint64_t>(high) << 32; }

template <class Decode>
void product16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], const float (&c)[4], Decode decode,
               const char* file, int line) {
    unsigned lane = rondo_emu_thread->lane, group = lane >> 2, t = lane & 3;
    uint64_t top[4], bottom[4], columns[2][4];
    gather(pair(a[0], a[2]), group, top, file, line);    // row group: k 0..7 low, k 8..15 high
    gather(pair(a[1], a[3]), group, bottom, file, line); // row group + 8
    gatherColumns(pair(b[0], b[1]), t, columns, file, line);
    float left[2][16], right[2][16];
    for (unsigned k = 0; k < 16; k++) {
        unsigned holder = (k & 7) / 2, shift = (k >> 3) * 32 + (k & 1) * 16;
        left[0][k] = decode(static_cast<unsigned>(top[holder] >> shift & 0xffff));
        left[1][k] = decode(static_cast<unsigned>(bottom[holder] >> shift & 0xffff));
        right[0][k] = decode(static_cast<unsigned>(columns[0][holder] >> shift & 0xffff));
        right[1][k] = decode(static_cast<unsigned>(columns[1][holder] >> shift & 0xffff));
    }
    for (unsigned i = 0; i < 4; i++) {
        double sum = c[i];
        for (unsigned k = 0; k < 16; k++) {
            sum += static_cast<double>(left[i >> 1][k]) * right[i & 1][k];
        }
        d[i] = cutOff(sum);
    }
}

} // namespace rondo_emu

inline void mma_m16n8k16_bf16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], const float (&c)[4],
                              RONDO_EMU_SITE) {
    rondo_emu::product16(d, a, b, c, rondo_emu::decodeBfloat16, file, line);
}
inline void mma_m16n8k16_f16(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], const float (&c)[4],
                             RONDO_EMU_SITE) {
    rondo_emu::product16(d, a, b, c, rondo_emu::decodeHalf16, file, line);
}

// The operands are floats as bits; the low 13 bits of their mantissas do not count.
inline void mma_m16n8k8_tf32(float (&d)[4], const unsigned (&a)[4], const unsigned (&b)[2], const float (&c)[4],
                             RONDO_EMU_SITE) {
    using namespace rondo_emu;
    unsigned lane = rondo_emu_thread->lane, group = lane >> 2, t = lane & 3;
    uint64_t rows[2][4], columns[2][4];
    gather(pair(a[0], a[2]), group, rows[0], file, line);
    gather(pair(a[1], a[3]), group, rows[1], file, line);
    gatherColumns(pair(b[0], b[1]), t, columns, file, line);
    auto element = [](const uint64_t(&holders)[4], unsigned k) {
        return __uint_as_float(static_cast<unsigned>(holders[k & 3] >> (k >> 2) * 32) & ~0x1fffu);
    };
    for (unsigned i = 0; i < 4; i++) {
        double sum = c[i];
        for (unsigned k = 0; k < 8; k++) {
            sum += static_cast<double>(element(rows[i >> 1], k)) * element(columns[i & 1], k);
        }
        d[i] = cutOff(sum);
    }
}

namespace rondo_emu {

// Lane 8 i + r gives the address of row r of matrix i, eight 16-bit elements.
template <unsigned Matrices>
void loadMatrices(unsigned (&out)[Matrices], const void* row, bool transposed, const char* file, int line) {
    unsigned arrived, lane = rondo_emu_thread->lane, group = lane >> 2, t = lane & 3;
    if (lane < 8 * Matrices && reinterpret_cast<uintptr_t>(row) % 16) {
        rondo_emu_trap("ldmatrix with a row that is not aligned to 16 bytes", file, line);
    }
    // Every lane reads its row now: what others write later is not in it.
    uint64_t own[2] = {0, 0}, rows[2][32];
    if (lane < 8 * Matrices) {
        memcpy(own, row, sizeof own);
    }
    for (unsigned half = 0; half < 2; half++) {
        memcpy(rows[half], rondo_emu_warp_exchange(WarpOperation::matrix, ~0u, own[half], &arrived, file, line),
               sizeof rows[half]);
    }
    for (unsigned i = 0; i < Matrices; i++) {
        auto at = [&](unsigned r, unsigned column) {
            return static_cast<unsigned>(rows[column >> 2][8 * i + r] >> (column & 3) * 16 & 0xffff);
        };
        out[i] = transposed ? at(2 * t, group) | at(2 * t + 1, group) << 16
                            : at(group, 2 * t) | at(group, 2 * t + 1) << 16;
    }
}

} // namespace rondo_emu

inline void ldmatrix_x4(unsigned (&out)[4], const void* row, RONDO_EMU_SITE) {
    rondo_emu::loadMatrices(out, row, false, file, line);
}
inline void ldmatrix_x4_trans(unsigned (&out)[4], const void* row, RONDO_EMU_SITE) {
    rondo_emu::loadMatrices(out, row, true, file, line);
}
inline void ldmatrix_x2(unsigned (&out)[2], const void* row, RONDO_EMU_SITE) {
    rondo_emu::loadMatrices(out, row, false, file, line);
}
inline void ldmatrix_x2_trans(unsigned (&out)[2], const void* row, RONDO_EMU_SITE) {
    rondo_emu::loadMatrices(out, row, true, file, line);
}
