// Module images: what kind of bytes they are, whether they are whole, which kernels they mention.
#pragma once

#include "objects.h"

namespace rondo_emu {

// 0 and the module, or the status with which the driver refuses the image. The length is not known to the driver, so
// the bytes themselves must say where they end.
int readImage(const void* image, Module* module);

} // namespace rondo_emu
