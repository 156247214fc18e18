// The words of CUDA C++ that g++ does not know, and the built-in variables.
#pragma once

#include "abi.h"

#define RONDO_EMULATOR 1

// build.sh preprocesses every source once with these words untouched, to find kernels and
// constants.
#ifndef RONDO_EMU_LIST
#define __global__
#define __launch_bounds__(...)
#define __cluster_dims__(...)
#define __constant__
#endif

#define CLUSTER_DIMS(x, y, z) __cluster_dims__(x, y, z)

#define __device__
#define __host__
#define __forceinline__ inline __attribute__((always_inline))
#define __noinline__ __attribute__((noinline))
#define __align__(bytes) __attribute__((aligned(bytes)))
#define __restrict__ __restrict
#define __grid_constant__
#define __shared__ use_SHARED_ARRAY_or_DYN_SHARED_instead_of_the_bare_word

#define threadIdx (rondo_emu_thread->index)
#define blockIdx (rondo_emu_thread->block->index)
#define blockDim (rondo_emu_thread->block->size)
#define gridDim (rondo_emu_thread->block->gridSize)
#define warpSize 32

// SHARED_ARRAY(float, tile, [32][33]);   DYN_SHARED(float, scratch);
#define SHARED_ARRAY(type, name, ...)                                                                                  \
    static const char rondo_emu_key_##name = 0;                                                                        \
    type(&name) __VA_ARGS__ = *reinterpret_cast<type(*) __VA_ARGS__>(                                                  \
        rondo_emu_shared(&rondo_emu_key_##name, sizeof(type __VA_ARGS__), alignof(type), #name))
#define DYN_SHARED(type, name) type* name = reinterpret_cast<type*>(rondo_emu_thread->block->dynamicShared)
