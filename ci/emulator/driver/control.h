// The emulator's own entry points, for tests. C functions, so that a test in any language can call them; jni.cpp makes
// the same ones callable from Java.
#pragma once

#include <cstddef>

extern "C" {

// The k-th next call of a driver function fails with that status, k from 1; 0: every call. 0 when done, 1 when the
// emulator has no such function. "cuMemAlloc" and "cuMemAlloc_v2" mean the same.
int rondo_emu_fail(const char* function, long k, int status);
// Forgets injected failures, sticky errors, queued work, recorded launches and the last report, and goes back to the
// settings of the environment. Objects and the size of the memory stay.
void rondo_emu_reset();
// How many objects are live: allocations, pinned, registered, contexts, modules, streams, events, graphs, graphExecs,
// pendingWork, leakedAtRelease. -1 for another name.
long rondo_emu_live(const char* what);
size_t rondo_emu_bytes();
long rondo_emu_calls(const char* function);
long rondo_emu_launches();
// The launch that was i-th from the end, 0 the last, as "kernel grid=(1,1,1) block=(64,1,1) shared=0 cooperative=0".
// Returns how long the text is; 0 when there was none.
size_t rondo_emu_launch(long i, char* text, size_t bytes);
size_t rondo_emu_last_report(char* text, size_t bytes);
// fwd | rev | rand:SEED, eager | lazy | others: 0 when done.
int rondo_emu_order(const char* order);
int rondo_emu_streams(const char* mode);
void rondo_emu_delay(int milliseconds);
void rondo_emu_timeout(int milliseconds);
// How much memory the device has from now on.
void rondo_emu_memory(size_t bytes);
// For the other libraries of the emulator: runs function(data) in the order of a stream, or records it in its graph.
int rondo_emu_enqueue(void* stream, int (*function)(void* data), void* data, void (*release)(void* data));
// Whether the device can reach all these bytes.
int rondo_emu_is_device(unsigned long long start, size_t bytes);
}
