// Fences, ordered loads and stores, atomics and cached loads. The processor's own memory model is stronger than a
// device's: these do what they say, but a missing fence is not seen here.
#pragma once

#include "language.h"
#include "vector_types.h"

#include <cstring>
#include <type_traits>

inline void __threadfence_block() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline void __threadfence() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline void __threadfence_system() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }
inline void fence_acq_rel_cluster() { __atomic_thread_fence(__ATOMIC_SEQ_CST); }

template <class T> T __ldg(const T* address) { return *address; }
template <class T> T __ldcg(const T* address) { return *address; }
template <class T> T __ldcs(const T* address) { return *address; }
template <class T> void __stcs(T* address, T value) { *address = value; }
template <class T> void __stcg(T* address, T value) { *address = value; }

inline void prefetch_l2(const void*) {}

// Ordered words of 32 or 64 bits, for the whole device and for a cluster. A load that finds the same value again lets
// the other threads run, so a loop around it is a legal spin.
#define RONDO_EMU_LOAD(name, order)                                                                                    \
    template <class T> T name(const T* address, RONDO_EMU_SITE) {                                                      \
        static_assert(sizeof(T) == 4 || sizeof(T) == 8, "a word of 32 or 64 bits");                                    \
        T value;                                                                                                       \
        __atomic_load(const_cast<T*>(address), &value, order);                                                         \
        uint64_t bits = 0;                                                                                             \
        memcpy(&bits, &value, sizeof value);                                                                           \
        rondo_emu_spin(address, bits, file, line);                                                                     \
        return value;                                                                                                  \
    }
#define RONDO_EMU_STORE(name, order)                                                                                   \
    template <class T> void name(T* address, std::common_type_t<T> value) {                                            \
        static_assert(sizeof(T) == 4 || sizeof(T) == 8, "a word of 32 or 64 bits");                                    \
        __atomic_store(address, &value, order);                                                                        \
    }
RONDO_EMU_LOAD(load_acquire_gpu, __ATOMIC_ACQUIRE)
RONDO_EMU_LOAD(load_relaxed_gpu, __ATOMIC_RELAXED)
RONDO_EMU_LOAD(load_acquire_cluster, __ATOMIC_ACQUIRE)
RONDO_EMU_LOAD(load_volatile, __ATOMIC_RELAXED)
RONDO_EMU_STORE(store_release_gpu, __ATOMIC_RELEASE)
RONDO_EMU_STORE(store_relaxed_gpu, __ATOMIC_RELAXED)
RONDO_EMU_STORE(store_release_cluster, __ATOMIC_RELEASE)
RONDO_EMU_STORE(store_volatile, __ATOMIC_RELAXED)
// Four words of 32 bits, each for itself. A loop around it calls spin_pause.
inline float4 load_relaxed_gpu_4(const float* address) {
    const float* words = static_cast<const float*>(__builtin_assume_aligned(address, 16));
    float4 result;
    __atomic_load(const_cast<float*>(words), &result.x, __ATOMIC_RELAXED);
    __atomic_load(const_cast<float*>(words + 1), &result.y, __ATOMIC_RELAXED);
    __atomic_load(const_cast<float*>(words + 2), &result.z, __ATOMIC_RELAXED);
    __atomic_load(const_cast<float*>(words + 3), &result.w, __ATOMIC_RELAXED);
    return result;
}
#undef RONDO_EMU_LOAD
#undef RONDO_EMU_STORE

namespace rondo_emu {

template <class T> using Word = std::conditional_t<sizeof(T) == 4, uint32_t, uint64_t>;

// Replaces the value by function(value) in one step; gives the old one.
template <class T, class Function> T update(T* address, Function function) {
    Word<T>* word = reinterpret_cast<Word<T>*>(address);
    Word<T> old = __atomic_load_n(word, __ATOMIC_RELAXED), next;
    T before;
    do {
        memcpy(&before, &old, sizeof before);
        T after = function(before);
        memcpy(&next, &after, sizeof next);
    } while (!__atomic_compare_exchange_n(word, &old, next, true, __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    return before;
}

} // namespace rondo_emu

template <class T> T atomicAdd(T* address, std::common_type_t<T> value) {
    return rondo_emu::update(address, [=](T old) { return static_cast<T>(old + value); });
}
template <class T> T atomicSub(T* address, std::common_type_t<T> value) {
    return rondo_emu::update(address, [=](T old) { return static_cast<T>(old - value); });
}
template <class T> T atomicMax(T* address, std::common_type_t<T> value) {
    return rondo_emu::update(address, [=](T old) { return old < value ? value : old; });
}
template <class T> T atomicMin(T* address, std::common_type_t<T> value) {
    return rondo_emu::update(address, [=](T old) { return value < old ? value : old; });
}
template <class T> T atomicAnd(T* address, std::common_type_t<T> value) {
    return rondo_emu::update(address, [=](T old) { return static_cast<T>(old & value); });
}
template <class T> T atomicOr(T* address, std::common_type_t<T> value) {
    return rondo_emu::update(address, [=](T old) { return static_cast<T>(old | value); });
}
template <class T> T atomicXor(T* address, std::common_type_t<T> value) {
    return rondo_emu::update(address, [=](T old) { return static_cast<T>(old ^ value); });
}
template <class T> T atomicExch(T* address, std::common_type_t<T> value) {
    return rondo_emu::update(address, [=](T) { return value; });
}
template <class T> T atomicCAS(T* address, std::common_type_t<T> expected, std::common_type_t<T> value) {
    return rondo_emu::update(address, [=](T old) { return old == expected ? value : old; });
}
inline unsigned atomicInc(unsigned* address, unsigned limit) {
    return rondo_emu::update(address, [=](unsigned old) { return old >= limit ? 0 : old + 1; });
}
