// Mathematics of the device. The fast forms are computed exactly here: results agree within the device's own error.
#pragma once

#include "language.h"

#include <algorithm>
#include <cmath>
#include <cstring>

using std::max;
using std::min;

// glibc declares these two names, so they cannot be functions here.
#define __expf expf
#define __logf logf

inline float __fdividef(float a, float b) { return a / b; }
inline float __fmaf_rn(float a, float b, float c) { return fmaf(a, b, c); }
inline float __fadd_rn(float a, float b) { return a + b; }
inline float __fmul_rn(float a, float b) { return a * b; }
inline float __fdiv_rn(float a, float b) { return a / b; }
inline float __frcp_rn(float a) { return 1.0f / a; }
inline float __fsqrt_rn(float a) { return sqrtf(a); }
inline float __saturatef(float a) { return a > 0 ? (a < 1 ? a : 1.0f) : 0.0f; }
inline float rsqrtf(float a) { return 1.0f / sqrtf(a); }
inline float exp2_approx(float a) { return exp2f(a); }
// Exact here, where a device may be off by one unit in the last place. As there, numbers that are not normal count as zero.
inline float reciprocal_approx(float a) {
    float result = 1.0f / (fabsf(a) < 0x1p-126f ? copysignf(0, a) : a);
    return fabsf(result) < 0x1p-126f ? copysignf(0, result) : result;
}
inline float tanh_approx(float a) { return tanhf(a); }

inline unsigned __float_as_uint(float value) {
    unsigned bits;
    memcpy(&bits, &value, 4);
    return bits;
}
inline int __float_as_int(float value) { return static_cast<int>(__float_as_uint(value)); }
inline float __uint_as_float(unsigned bits) {
    float value;
    memcpy(&value, &bits, 4);
    return value;
}
inline float __int_as_float(int bits) { return __uint_as_float(static_cast<unsigned>(bits)); }

inline int __popc(unsigned value) { return __builtin_popcount(value); }
inline int __popcll(unsigned long long value) { return __builtin_popcountll(value); }
inline int __ffs(int value) { return __builtin_ffs(value); }
inline int __clz(int value) { return value ? __builtin_clz(static_cast<unsigned>(value)) : 32; }
inline unsigned __umulhi(unsigned a, unsigned b) {
    return static_cast<unsigned>((static_cast<unsigned long long>(a) * b) >> 32);
}
inline unsigned long long __umul64hi(unsigned long long a, unsigned long long b) {
    return static_cast<unsigned long long>((static_cast<unsigned __int128>(a) * b) >> 64);
}

// 16-bit floating-point numbers as bits; arithmetic is done in float. Rounding is to nearest, ties to even.
struct half16 {
    unsigned short bits;
};
struct bfloat16 {
    unsigned short bits;
};

inline float to_float(bfloat16 value) { return __uint_as_float(static_cast<unsigned>(value.bits) << 16); }

inline bfloat16 to_bfloat16(float value) {
    unsigned bits = __float_as_uint(value);
    if ((bits & 0x7fffffffu) > 0x7f800000u) {
        return {0x7fff}; // NaN
    }
    return {static_cast<unsigned short>((bits + 0x7fffu + (bits >> 16 & 1)) >> 16)};
}

inline float to_float(half16 value) {
    unsigned sign = static_cast<unsigned>(value.bits & 0x8000u) << 16;
    unsigned exponent = value.bits >> 10 & 31, mantissa = value.bits & 1023u;
    if (exponent == 31) {
        return __uint_as_float(sign | 0x7f800000u | mantissa << 13);
    }
    if (exponent == 0) {
        float small = static_cast<float>(mantissa) * 0x1p-24f; // subnormal, exact in float
        return sign ? -small : small;
    }
    return __uint_as_float(sign | (exponent + 112) << 23 | mantissa << 13);
}

inline half16 to_half16(float value) {
    unsigned bits = __float_as_uint(value), sign = bits >> 16 & 0x8000u, magnitude = bits & 0x7fffffffu;
    if (magnitude > 0x7f800000u) {
        return {0x7fff};
    }
    if (magnitude >= 0x477ff000u) { // 65520 and more round to infinity
        return {static_cast<unsigned short>(sign | 0x7c00u)};
    }
    if (magnitude < 0x38800000u) { // below the smallest normal number: a multiple of 2^-24
        float scaled = fabsf(value) * 0x1p24f;
        unsigned whole = static_cast<unsigned>(nearbyintf(scaled));
        return {static_cast<unsigned short>(sign | whole)};
    }
    unsigned rounded = magnitude + 0xfffu + (magnitude >> 13 & 1);
    return {static_cast<unsigned short>(sign | ((rounded - 0x38000000u) >> 13))};
}

// A float with the ten mantissa bits that a TF32 product sees: to nearest, ties away from zero.
inline float to_tf32(float value) {
    unsigned bits = __float_as_uint(value);
    return (bits & 0x7f800000u) == 0x7f800000u ? value : __uint_as_float((bits + 0x1000u) & ~0x1fffu);
}
