// Everything a kernel needs when g++ compiles it for the emulator. device_compat.cuh includes this, nothing else does.
#pragma once

#include "arithmetic.h"
#include "async.h"
#include "groups.h"
#include "language.h"
#include "matrix.h"
#include "memory.h"
#include "vector_types.h"
#include "warp.h"
