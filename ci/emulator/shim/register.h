// Makes kernels known to the emulator. build.sh writes one RONDO_EMU_KERNEL line for each __global__ function.
#pragma once

#include "abi.h"

#include <type_traits>
#include <utility>

namespace rondo_emu {

template <auto Function> struct Registered;

// The parameter list comes from the type of the function, so it cannot disagree with the source.
template <class... Parameters, void (*Function)(Parameters...)> struct Registered<Function> {
    template <size_t... I> static void spread(void** arguments, std::index_sequence<I...>) {
        (void)arguments;
        Function(*static_cast<std::remove_reference_t<Parameters>*>(arguments[I])...);
    }
    static void call(void** arguments) { spread(arguments, std::index_sequence_for<Parameters...>{}); }

    static void add(const char* name, const char* file, uint32_t maxThreads, uint32_t x, uint32_t y, uint32_t z) {
        static const Parameter parameters[] = {
            {sizeof(Parameters), alignof(Parameters), std::is_pointer_v<Parameters>}..., {0, 0, 0}};
        static const KernelEntry entry = {name, file, call, parameters, sizeof...(Parameters), maxThreads, {x, y, z}};
        rondo_emu_register_kernel(&entry);
    }
};

struct AtLoad {
    template <class Function> explicit AtLoad(Function function) { function(); }
};

} // namespace rondo_emu

#define RONDO_EMU_KERNEL(name, file, maxThreads, x, y, z)                                                              \
    static const rondo_emu::AtLoad rondo_emu_load_##name(                                                              \
        [] { rondo_emu::Registered<name>::add(#name, file, maxThreads, x, y, z); });
// A __constant__ or __device__ variable that the host asks for by name.
#define RONDO_EMU_GLOBAL(name)                                                                                         \
    static const rondo_emu::AtLoad rondo_emu_load_##name([] { rondo_emu_register_global(#name, &name, sizeof name); });
