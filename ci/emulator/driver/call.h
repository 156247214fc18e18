// What every driver function does first: take the lock, count the call, look for an injected error, check the context.
#pragma once

#include "api.h"

#include <mutex>

namespace rondo_emu {

// One lock for the whole driver. It is held while kernels run, as if every call waited for the device.
std::recursive_mutex& driverLock();

enum class Needs { nothing, initialized, context };

struct CallRecord;
CallRecord& callRecord(const char* function);

class Call {
public:
    Call(CallRecord& record, Needs needs);
    // Nonzero when the function must not do its work.
    int refused() const { return status_; }

private:
    std::unique_lock<std::recursive_mutex> hold_;
    int status_ = 0;
};

// At the start of a driver function; returns from it when the call is refused.
#define ENTER(needs)                                                                                                   \
    static ::rondo_emu::CallRecord& rondoCallRecord = ::rondo_emu::callRecord(__func__);                               \
    ::rondo_emu::Call rondoCall(rondoCallRecord, ::rondo_emu::Needs::needs);                                           \
    if (rondoCall.refused()) {                                                                                         \
        return rondoCall.refused();                                                                                    \
    }

// For functions that release something: they do their work even in a poisoned context, and then give its error.
#define ENTER_RELEASE()                                                                                                \
    static ::rondo_emu::CallRecord& rondoCallRecord = ::rondo_emu::callRecord(__func__);                               \
    ::rondo_emu::Call rondoCall(rondoCallRecord, ::rondo_emu::Needs::context);                                         \
    if (rondoCall.refused() && rondoCall.refused() != ::rondo_emu::poison()) {                                         \
        return rondoCall.refused();                                                                                    \
    }

// The first sticky error of the device; 0 while there is none.
int poison();
void setPoison(int status);

// Lets the k-th next call of a function fail, k from 1; k = 0 means every call from now on. False when the emulator has
// no function of that name; the ending _v2 may be left out.
bool injectFailure(const char* function, long k, int status);
void clearInjections();
long callCount(const char* function);
// Reads "cuMemAlloc:3=2,cuInit=100". False when it makes no sense.
bool parseInjections(const char* text);

} // namespace rondo_emu
