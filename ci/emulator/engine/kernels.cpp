#include "kernels.h"
#include "report.h"

#include <cstring>
#include <map>
#include <mutex>

namespace rondo_emu {

namespace {

// Made on first use: libraries register while they are loaded, before or after the constructors of this one.
struct Registry {
    std::mutex lock;
    std::map<std::string, Kernel*> kernels; // never freed: a module may still name them
    std::map<std::string, Global> globals;
};

Registry& registry() {
    static Registry* made = new Registry;
    return *made;
}

} // namespace

Kernel* findKernel(const std::string& name) {
    std::lock_guard<std::mutex> hold(registry().lock);
    auto found = registry().kernels.find(name);
    return found == registry().kernels.end() ? nullptr : found->second;
}

const Global* findGlobal(const std::string& name) {
    std::lock_guard<std::mutex> hold(registry().lock);
    auto found = registry().globals.find(name);
    return found == registry().globals.end() ? nullptr : &found->second;
}

std::vector<std::string> kernelNames() {
    std::lock_guard<std::mutex> hold(registry().lock);
    std::vector<std::string> names;
    for (const auto& entry : registry().kernels) {
        names.push_back(entry.first);
    }
    return names;
}

} // namespace rondo_emu

using namespace rondo_emu;

extern "C" __attribute__((visibility("default"))) void rondo_emu_register_kernel(const KernelEntry* entry) {
    Registry& all = registry();
    std::lock_guard<std::mutex> hold(all.lock);
    Kernel*& known = all.kernels[entry->name];
    if (known) {
        // A second library with the same kernels, such as the one with the sanitizer, takes their place.
        if (strcmp(known->entry.file, entry->file) != 0) {
            report("kernel %s is in %s and in %s; the later one is used", entry->name, known->entry.file, entry->file);
        }
    }
    known = new Kernel;
    known->entry = *entry;
}

extern "C" __attribute__((visibility("default"))) void rondo_emu_register_global(const char* name, void* address,
                                                                                size_t bytes) {
    std::lock_guard<std::mutex> hold(registry().lock);
    registry().globals[name] = {address, bytes};
}
