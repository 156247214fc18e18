#include "call.h"
#include "objects.h"
#include "settings.h"

#include <cstdlib>
#include <cstring>
#include <dlfcn.h>
#include <map>
#include <string>
#include <vector>

namespace rondo_emu {

struct CallRecord {
    struct Injection {
        long remaining; // 0: every call
        int status;
    };
    long count = 0;
    std::vector<Injection> injections;
};

namespace {

std::map<std::string, CallRecord>& records() {
    static auto* made = new std::map<std::string, CallRecord>;
    return *made;
}

std::string plainName(const char* function) {
    std::string name = function;
    size_t tail = name.size() > 3 ? name.size() - 3 : 0;
    if (name.compare(tail, 2, "_v") == 0) {
        name.resize(tail);
    }
    return name;
}

bool exists(const std::string& name) {
    Dl_info info;
    if (!dladdr(reinterpret_cast<void*>(&driverLock), &info)) {
        return false;
    }
    void* library = dlopen(info.dli_fname, RTLD_NOW | RTLD_NOLOAD);
    bool found = library && (dlsym(library, name.c_str()) || dlsym(library, (name + "_v2").c_str()));
    if (library) {
        dlclose(library);
    }
    return found;
}

int injected(CallRecord& record) {
    record.count++;
    int status = 0;
    for (size_t i = 0; i < record.injections.size();) {
        auto& injection = record.injections[i];
        if (injection.remaining == 0) {
            status = injection.status;
        } else if (--injection.remaining == 0) {
            status = injection.status;
            record.injections.erase(record.injections.begin() + static_cast<long>(i));
            continue;
        }
        i++;
    }
    return status;
}

int stickyStatus;

} // namespace

std::recursive_mutex& driverLock() {
    static auto* made = new std::recursive_mutex;
    return *made;
}

CallRecord& callRecord(const char* function) {
    std::lock_guard<std::recursive_mutex> hold(driverLock());
    return records()[plainName(function)];
}

int poison() { return stickyStatus; }
void setPoison(int status) {
    if (status == 0 || stickyStatus == 0) {
        stickyStatus = status;
    }
}

Call::Call(CallRecord& record, Needs needs) : hold_(driverLock()) {
    readSettings();
    status_ = injected(record);
    if (status_) {
        if (isSticky(status_)) {
            setPoison(status_);
        }
        return;
    }
    if (needs == Needs::nothing) {
        return;
    }
    if (!driverState().initialized) {
        status_ = kNotInitialized;
    } else if (needs == Needs::context) {
        status_ = currentContextStatus();
        if (!status_) {
            status_ = poison();
        }
    }
}

bool injectFailure(const char* function, long k, int status) {
    if (k < 0 || strncmp(function, "cu", 2) != 0) {
        return false;
    }
    std::string name = plainName(function);
    if (!exists(name)) {
        return false;
    }
    std::lock_guard<std::recursive_mutex> hold(driverLock());
    records()[name].injections.push_back({k, status});
    return true;
}

void clearInjections() {
    std::lock_guard<std::recursive_mutex> hold(driverLock());
    for (auto& record : records()) {
        record.second.injections.clear();
    }
}

long callCount(const char* function) {
    std::lock_guard<std::recursive_mutex> hold(driverLock());
    auto found = records().find(plainName(function));
    return found == records().end() ? 0 : found->second.count;
}

bool parseInjections(const char* text) {
    std::string all = text;
    size_t at = 0;
    while (at < all.size()) {
        size_t comma = all.find(',', at);
        std::string part = all.substr(at, comma == std::string::npos ? comma : comma - at);
        at = comma == std::string::npos ? all.size() : comma + 1;
        size_t equals = part.find('='), colon = part.find(':');
        if (equals == std::string::npos) {
            return false;
        }
        bool every = colon == std::string::npos || colon > equals;
        std::string name = part.substr(0, every ? equals : colon);
        long k = every ? 0 : strtol(part.c_str() + colon + 1, nullptr, 10);
        if (!injectFailure(name.c_str(), k, static_cast<int>(strtol(part.c_str() + equals + 1, nullptr, 10)))) {
            return false;
        }
    }
    return true;
}

} // namespace rondo_emu
