// Kernels that are wrong are caught, and the report says where.
#include "harness.h"

#include <cstring>

namespace {

// Launches a kernel that must end with a sticky error, and a report that has this part.
template <class... Arguments>
void fails(const char* name, Shape shape, int status, const char* part, Arguments... arguments) {
    Device device;
    CUfunction function = device.function(name);
    EQUAL(launch(function, shape, arguments...), 0);
    EQUAL(cuCtxSynchronize(), status);
    if (!reported(part)) {
        failures++;
        printf("    %s: expected a report with \"%s\", got \"%s\"\n", name, part, report().c_str());
    }
    // The context is lost: everything gives the first error, and releasing still counts.
    CUdeviceptr pointer;
    EQUAL(cuMemAlloc_v2(&pointer, 16), status);
    EQUAL(launch(function, shape, arguments...), status);
    rondo_emu_reset();
}

bool isPoison(float value) {
    unsigned bits;
    memcpy(&bits, &value, 4);
    return bits == 0xffffffffu;
}

} // namespace

TEST(outOfBoundsIsCaught) {
    Device device;
    Buffer<float> x(64);
    fails("out_of_bounds", {1, 65}, 700, "illegal address", x.at);
    CHECK(report().empty());
    Buffer<float> y(64);
    fails("out_of_bounds", {1, 96}, 700, "offset 256 of a device buffer of 256 bytes", y.at);
}

TEST(smallOverrunsAreCaught) {
    Device device;
    Buffer<float> x(50); // 200 bytes: the rest of the 256 is not its own
    fails("out_of_bounds", {1, 51}, 700, "wrote beside a buffer of 200 bytes", x.at);
    Buffer<float> y(50);
    fails("before_start", {1, 1}, 700, "beside a buffer of 200 bytes", y.at);
    Buffer<float> z(50);
    fails("far_away", {1, 1}, 700, "illegal address", z.at);
}

TEST(missingBarrierShowsInSomeOrder) {
    int seen = 0;
    for (const char* order : {"fwd", "rev", "rand:1", "rand:2", "rand:3"}) {
        Device device;
        rondo_emu_order(order);
        Buffer<float> x(numbers(64));
        std::vector<float> before = x.read();
        EQUAL(launch(device.function("missing_barrier"), {1, 64}, x.at), 0);
        std::vector<float> after = x.read();
        bool wrong = false;
        for (size_t i = 0; i < 64; i++) {
            wrong |= after[i] != before[(i + 1) % 64];
        }
        seen += wrong;
    }
    CHECK(seen >= 3);
}

TEST(divergentBarrierIsCaught) {
    Device device;
    Buffer<float> x(64);
    fails("divergent_barrier", {1, 64}, 719, "divergent __syncthreads: 32 threads wait at", x.at);
}

TEST(deadlocksAreReported) {
    fails("half_barrier", {1, 64}, 719, "32 at a barrier of the block");
    fails("wrong_mask", {1, 32}, 719, "lanes that did not come ffff0000");
    fails("mask_without_me", {1, 32}, 719, "lane 31 calls __syncwarp with mask 7fffffff, which does not name it");
    fails("mixed_collectives", {1, 32}, 719, "calls a shuffle while other lanes of mask ffffffff wait in a vote");
    fails("mbarrier_forgotten", {1, 32}, 719, "32 at an mbarrier");
    fails("mbarrier_not_initialised", {1, 32}, 719, "an mbarrier that was not initialised");
    fails("mbarrier_too_many", {1, 32}, 719, "more arrivals at an mbarrier than its count");
}

TEST(uninitialisedMemoryIsPoison) {
    Device device;
    Buffer<float> in(32), out(64);
    EQUAL(launch(device.function("uninitialised"), {1, 32}, in.at, out.at), 0);
    for (float value : out.read()) {
        CHECK(isPoison(value));
    }
}

TEST(missingCopyWaitIsSeen) {
    inAllOrders([] {
        Device device;
        Buffer<float> in(numbers(128)), out(32);
        EQUAL(launch(device.function("missing_copy_wait"), {1, 32}, in.at, out.at), 0);
        for (float value : out.read()) {
            CHECK(isPoison(value));
        }
    });
}

TEST(sharedOverrunsAreCaught) {
    Device device;
    Buffer<float> out(32);
    fails("shared_overrun", {1, 32}, 700, "past the end of the shared array tile (128 bytes)", out.at);
    Buffer<float> near(32);
    fails("dynamic_overrun", {1, 32, 96}, 700, "past the end of its 96 bytes of dynamic shared memory", near.at, 0);
    Buffer<float> far(32);
    fails("dynamic_overrun", {1, 32, 128}, 700, "outside of the shared memory of the block", far.at, 1000);
}

TEST(clusterMistakesAreCaught) {
    Device device;
    Buffer<float> out(64);
    fails("rank_out_of_range", {2, 1}, 719, "cluster rank 2 of 2", out.at);
    Buffer<float> early(64);
    fails("no_sync_at_start", {2, 32}, 700, "which may not have started", early.at);
    Buffer<float> late(64);
    fails("no_sync_at_end", {2, 32}, 700, "which has ended", late.at);
}

TEST(gridMistakesAreCaught) {
    fails("grid_sync_alone", {2, 32}, 719, "not launched cooperatively");
    rondo_emu_timeout(100);
    Device device;
    Buffer<int> flag(std::vector<int>{0});
    fails("missing_grid_sync", {4, 32, 0, nullptr, true}, 702, "spins for more than 0.1 s", flag.at);
    rondo_emu_timeout(100);
    Buffer<int> other(std::vector<int>{0});
    // Forward order and more blocks than workers: the last block never starts.
    fails("spin_for_later_block", {200, 32}, 702, "only sure to run in a cooperative launch", other.at);
}

TEST(spinWithoutYieldIsStopped) {
    rondo_emu_timeout(1);
    Device device;
    Buffer<int> flag(std::vector<int>{0});
    fails("blind_spin", {2, 32}, 702, "without a barrier and without a yield", flag.at);
}

TEST(processorExceptionsAreCaught) {
    Device device;
    Buffer<int> x(std::vector<int>{1, 0});
    fails("divide", {1, 1}, 719, "division of an integer by zero", x.at);
    Buffer<float> y(numbers(2));
    fails("deep_stack", {1, 1}, 700, "the stack of the thread is full", y.at);
    fails("trap", {1, 1}, 719, "__trap");
}

TEST(workersGoOnAfterFaults) {
    for (int i = 0; i < 20; i++) {
        Device device;
        Buffer<float> x(64);
        fails("out_of_bounds", {4, 128}, 700, "illegal address", x.at);
    }
    Device device;
    Buffer<float> x(numbers(64)), y(numbers(64));
    EQUAL(launch(device.function("axpy"), {1, 64}, 1.0f, x.at, y.at, 64), 0);
    EQUAL(cuCtxSynchronize(), 0);
}

// Seen with the checks for undefined behaviour only, which print and go on; `check` looks for the lines.
TEST(undefinedBehaviour) {
    Device device;
    Buffer<float> x(numbers(8));
    launch(device.function("misaligned"), {1, 1}, x.at);
    Buffer<int> y(std::vector<int>{0, 40, 0, 2000000000});
    EQUAL(launch(device.function("arithmetic"), {1, 1}, y.at), 0);
    rondo_emu_reset();
}
