// The natives of dev.rondo.emulator.Emulator. Of JNI only three functions are needed, by their place in the function
// table that the JNI specification fixes, so that the build needs no JDK.
#include "control.h"

#include <string>
#include <vector>

namespace {

using Environment = void**; // JNIEnv*: a pointer to the function table
using Object = void*;

enum TablePlace { kNewStringUtf = 167, kGetStringUtfChars = 169, kReleaseStringUtfChars = 170 };

template <class Function> Function entry(Environment* environment, TablePlace place) {
    return reinterpret_cast<Function>((*environment)[place]);
}

std::string text(Environment* environment, Object string) {
    using Get = const char* (*)(Environment*, Object, unsigned char*);
    using Release = void (*)(Environment*, Object, const char*);
    const char* characters = entry<Get>(environment, kGetStringUtfChars)(environment, string, nullptr);
    std::string copy = characters ? characters : "";
    entry<Release>(environment, kReleaseStringUtfChars)(environment, string, characters);
    return copy;
}

Object toJava(Environment* environment, const char* characters) {
    using Make = Object (*)(Environment*, const char*);
    return entry<Make>(environment, kNewStringUtf)(environment, characters);
}

} // namespace

#define NATIVE(type, name)                                                                                             \
    extern "C" __attribute__((visibility("default"))) type Java_dev_rondo_emulator_Emulator_##name

NATIVE(int, fail0)(Environment* environment, Object, Object function, long long k, int status) {
    return rondo_emu_fail(text(environment, function).c_str(), static_cast<long>(k), status);
}
NATIVE(void, reset0)(Environment*, Object) { rondo_emu_reset(); }
NATIVE(long long, live0)(Environment* environment, Object, Object what) {
    return rondo_emu_live(text(environment, what).c_str());
}
NATIVE(long long, bytes0)(Environment*, Object) { return static_cast<long long>(rondo_emu_bytes()); }
NATIVE(long long, calls0)(Environment* environment, Object, Object function) {
    return rondo_emu_calls(text(environment, function).c_str());
}
NATIVE(long long, launches0)(Environment*, Object) { return rondo_emu_launches(); }
NATIVE(Object, launch0)(Environment* environment, Object, long long i) {
    char line[512] = "";
    return rondo_emu_launch(static_cast<long>(i), line, sizeof line) ? toJava(environment, line) : nullptr;
}
NATIVE(Object, lastReport0)(Environment* environment, Object) {
    std::vector<char> line(rondo_emu_last_report(nullptr, 0) + 1);
    rondo_emu_last_report(line.data(), line.size());
    return toJava(environment, line.data());
}
NATIVE(int, order0)(Environment* environment, Object, Object order) {
    return rondo_emu_order(text(environment, order).c_str());
}
NATIVE(int, streams0)(Environment* environment, Object, Object mode) {
    return rondo_emu_streams(text(environment, mode).c_str());
}
NATIVE(void, delay0)(Environment*, Object, int milliseconds) { rondo_emu_delay(milliseconds); }
NATIVE(void, timeout0)(Environment*, Object, int milliseconds) { rondo_emu_timeout(milliseconds); }
NATIVE(void, memory0)(Environment*, Object, long long bytes) { rondo_emu_memory(static_cast<size_t>(bytes)); }
