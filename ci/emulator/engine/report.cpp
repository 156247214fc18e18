#include "report.h"

#include <cstdarg>
#include <cstdio>
#include <mutex>

namespace rondo_emu {

namespace {

std::mutex lock;
std::string& kept() {
    static std::string* text = new std::string;
    return *text;
}

} // namespace

void report(const char* format, ...) {
    char line[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(line, sizeof line, format, arguments);
    va_end(arguments);
    std::lock_guard<std::mutex> hold(lock);
    kept() = line;
    fprintf(stderr, "[rondo-emulator] %s\n", line);
}

std::string lastReport() {
    std::lock_guard<std::mutex> hold(lock);
    return kept();
}

void clearReport() {
    std::lock_guard<std::mutex> hold(lock);
    kept().clear();
}

} // namespace rondo_emu
