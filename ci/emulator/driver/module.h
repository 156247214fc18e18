// What the launch needs to know about functions.
#pragma once

#include "objects.h"

namespace rondo_emu {

// How many blocks of that size are resident on one multiprocessor. Registers are not known here and do not count.
int blocksPerMultiprocessor(const Kernel& kernel, size_t threads, size_t dynamicBytes);
// Makes a variable of a kernel library an address that copies accept.
bool deviceMemoryKnows(const Global& global);

} // namespace rondo_emu
