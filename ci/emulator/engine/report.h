// What the emulator has to say: to standard error, and kept so that a test can ask for it.
#pragma once

#include <string>

namespace rondo_emu {

__attribute__((format(printf, 1, 2))) void report(const char* format, ...);
std::string lastReport();
void clearReport();

} // namespace rondo_emu
