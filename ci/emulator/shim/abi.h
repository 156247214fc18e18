// What a compiled kernel and the emulator share: the view of a thread, and the calls a kernel makes.
// A kernel library is linked against the emulator's libcuda.so.1, which defines these functions.
#pragma once

#include <cstddef>
#include <cstdint>

namespace rondo_emu {

struct Index3 {
    unsigned x, y, z;
};

// What a kernel can ask about its block. Filled once per block.
struct BlockView {
    Index3 index;           // blockIdx
    Index3 size;            // blockDim
    Index3 gridSize;        // gridDim
    Index3 clusterSize;     // blocks of a cluster; (1,1,1) without clusters
    unsigned clusterRank;   // rank of this block in its cluster, x fastest
    unsigned clusterBlocks; // clusterSize.x * y * z
    char* dynamicShared;    // start of the dynamic shared memory
    unsigned dynamicBytes;
};

// What a kernel can ask about its thread. The emulator's own data follow behind it.
struct ThreadView {
    Index3 index; // threadIdx
    unsigned lane;
    const BlockView* block;
};

// One parameter of a kernel, as the compiler saw it.
struct Parameter {
    uint32_t bytes;
    uint32_t alignment;
    uint32_t isPointer;
};

// One kernel, registered when its library is loaded.
struct KernelEntry {
    const char* name;
    const char* file;
    void (*call)(void** arguments);
    const Parameter* parameters;
    uint32_t parameterCount;
    uint32_t maxThreads;   // of __launch_bounds__, 0 if it has none
    uint32_t clusterShape[3]; // of __cluster_dims__, (1,1,1) if it has none
};

// The warp-wide operations. Lanes that meet must meet in the same one.
enum class WarpOperation : uint32_t { sync, shuffle, vote, match, reduce, matrix };

// How __syncthreads and its reducing forms combine what the threads bring.
enum class BlockReduction : uint32_t { bitOr, bitAnd, count };

} // namespace rondo_emu

extern "C" {

// The thread that runs now. A static TLS slot: cheap, and valid inside a library that a JVM loaded.
extern __thread rondo_emu::ThreadView* rondo_emu_thread __attribute__((tls_model("initial-exec")));

void rondo_emu_register_kernel(const rondo_emu::KernelEntry* entry);
void rondo_emu_register_global(const char* name, void* address, size_t bytes);

// Static shared memory: the same key gives the same offset in every block of the kernel.
void* rondo_emu_shared(const void* key, size_t bytes, size_t alignment, const char* name);

// Barriers of a block. Barrier 0 with 0 threads is __syncthreads; the others are the named ones of PTX.
int rondo_emu_block_sync(rondo_emu::BlockReduction reduction, int value, const char* file, int line);
void rondo_emu_named_sync(unsigned barrier, unsigned threads, bool wait, const char* file, int line);

// Every lane of the mask deposits 64 bits; the answer points to the 32 deposits, *arrived says which are real.
const uint64_t* rondo_emu_warp_exchange(rondo_emu::WarpOperation operation, unsigned mask, uint64_t value,
                                        unsigned* arrived, const char* file, int line);

void rondo_emu_grid_sync(const char* file, int line);
void rondo_emu_cluster_arrive(const char* file, int line);
void rondo_emu_cluster_wait(const char* file, int line);
// The same place in the shared memory of the block with that rank in the cluster.
void* rondo_emu_cluster_map(const void* shared, unsigned rank, const char* file, int line);

// Lets the other threads run. A loop that waits for another thread must come by here.
void rondo_emu_yield(const char* file, int line);
// Reports a load that may be part of a spin: yields if the same thread saw the same value there before.
void rondo_emu_spin(const volatile void* address, uint64_t value, const char* file, int line);

// cp.async: the bytes arrive at the wait, not before.
void rondo_emu_copy_async(void* shared, const void* global, unsigned bytes, unsigned validBytes);
void rondo_emu_copy_commit();
void rondo_emu_copy_wait(unsigned groupsLeft);

// mbarrier objects in shared memory, of this block or of a peer in the cluster.
void rondo_emu_mbarrier_init(uint64_t* barrier, unsigned count, const char* file, int line);
void rondo_emu_mbarrier_arrive(uint64_t* barrier, unsigned count, unsigned expectBytes, const char* file, int line);
void rondo_emu_mbarrier_expect(uint64_t* barrier, unsigned bytes, const char* file, int line);
bool rondo_emu_mbarrier_test(uint64_t* barrier, unsigned parity, const char* file, int line);
void rondo_emu_mbarrier_wait(uint64_t* barrier, unsigned parity, const char* file, int line);
void rondo_emu_mbarrier_invalidate(uint64_t* barrier, const char* file, int line);
// A copy that counts its bytes on the barrier: cp.async.bulk and st.async.
void rondo_emu_copy_to_barrier(void* shared, const void* source, unsigned bytes, uint64_t* barrier, const char* file,
                               int line);

// Ends the kernel with an error: __trap and what the shim itself refuses.
[[noreturn]] void rondo_emu_trap(const char* what, const char* file, int line);
}

// Every wrapper that can wait takes its caller's place by default, so that a report names the kernel's line.
#define RONDO_EMU_SITE const char *file = __builtin_FILE(), int line = __builtin_LINE()
