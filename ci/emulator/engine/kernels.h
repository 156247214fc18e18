// The kernels that loaded libraries brought along, by name.
#pragma once

#include "../shim/abi.h"
#include "shared_memory.h"

#include <string>
#include <vector>

namespace rondo_emu {

struct Kernel {
    KernelEntry entry;
    SharedLayout layout;
};

struct Global {
    void* address;
    size_t bytes;
};

// Null when no library registered that name.
Kernel* findKernel(const std::string& name);
const Global* findGlobal(const std::string& name);
std::vector<std::string> kernelNames();

} // namespace rondo_emu
