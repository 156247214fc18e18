// float4 and its relatives, with the alignment that vector loads need.
#pragma once

#define RONDO_EMU_VECTORS(type, scalar, align2, align4)                                                                \
    struct alignas(align2) type##2 {                                                                                   \
        scalar x, y;                                                                                                   \
    };                                                                                                                 \
    struct type##3 {                                                                                                   \
        scalar x, y, z;                                                                                                \
    };                                                                                                                 \
    struct alignas(align4) type##4 {                                                                                   \
        scalar x, y, z, w;                                                                                             \
    };                                                                                                                 \
    inline type##2 make_##type##2(scalar x, scalar y) { return {x, y}; }                                               \
    inline type##3 make_##type##3(scalar x, scalar y, scalar z) { return {x, y, z}; }                                  \
    inline type##4 make_##type##4(scalar x, scalar y, scalar z, scalar w) { return {x, y, z, w}; }

RONDO_EMU_VECTORS(float, float, 8, 16)
RONDO_EMU_VECTORS(double, double, 16, 16)
RONDO_EMU_VECTORS(int, int, 8, 16)
RONDO_EMU_VECTORS(uint, unsigned, 8, 16)
RONDO_EMU_VECTORS(short, short, 4, 8)
RONDO_EMU_VECTORS(ushort, unsigned short, 4, 8)
RONDO_EMU_VECTORS(char, signed char, 2, 4)
RONDO_EMU_VECTORS(uchar, unsigned char, 2, 4)
#undef RONDO_EMU_VECTORS

struct dim3 {
    unsigned x = 1, y = 1, z = 1;
};
