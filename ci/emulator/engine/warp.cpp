// Warp collectives: every one is an exchange of 64 bits among the lanes of a mask.
#include "block.h"
#include "launch.h"

namespace rondo_emu {

namespace {

const char* operationName(WarpOperation operation) {
    static const char* const names[] = {"__syncwarp", "a shuffle",   "a vote",
                                        "a match",    "a reduction", "a matrix operation"};
    return names[static_cast<int>(operation)];
}

// All lanes of the mask that have not ended are there: the slots are complete.
bool complete(Meeting& meeting, const Warp& warp) {
    unsigned expected = meeting.mask & warp.live;
    if (!meeting.arrived || (meeting.arrived & expected) != expected) {
        return false;
    }
    meeting.complete[meeting.generation & 1] = meeting.arrived;
    meeting.generation++;
    return true;
}

void release(Block& block, unsigned warp, Meeting& meeting, unsigned except) {
    unsigned lanes = meeting.arrived & ~except;
    meeting.arrived = 0;
    while (lanes) {
        unsigned lane = static_cast<unsigned>(__builtin_ctz(lanes));
        lanes &= lanes - 1;
        Thread& thread = block.threads[warp * 32 + lane];
        if (thread.state == State::warp) {
            wake(thread);
        }
    }
}

Meeting& meetingOf(Warp& warp, unsigned mask) {
    if (mask == ~0u) {
        return warp.full;
    }
    for (auto& meeting : warp.partial) {
        if (meeting->mask == mask) {
            return *meeting;
        }
    }
    warp.partial.push_back(std::make_unique<Meeting>());
    warp.partial.back()->mask = mask;
    return *warp.partial.back();
}

} // namespace

void checkMeetings(Block& block, unsigned number) {
    Warp& warp = block.warps[number];
    if (warp.full.arrived && complete(warp.full, warp)) {
        release(block, number, warp.full, 0);
    }
    for (auto& meeting : warp.partial) {
        if (meeting->arrived && complete(*meeting, warp)) {
            release(block, number, *meeting, 0);
        }
    }
}

} // namespace rondo_emu

using namespace rondo_emu;

extern "C" __attribute__((visibility("default"))) const uint64_t*
rondo_emu_warp_exchange(WarpOperation operation, unsigned mask, uint64_t value, unsigned* arrived, const char* file,
                        int line) {
    Thread& thread = *self();
    Block& block = *thread.home;
    unsigned number = static_cast<unsigned>(&thread - block.threads.data()) >> 5;
    Warp& warp = block.warps[number];
    if (!(mask >> thread.lane & 1)) {
        faultHere(719, file, line, "lane %u calls %s with mask %08x, which does not name it", thread.lane,
                  operationName(operation), mask);
        abandon();
    }
    Meeting& meeting = meetingOf(warp, mask);
    if (!meeting.arrived) {
        meeting.operation = operation;
        meeting.file = file;
        meeting.line = line;
    } else if (meeting.operation != operation) {
        faultHere(719, file, line, "lane %u calls %s while other lanes of mask %08x wait in %s at %s:%d", thread.lane,
                  operationName(operation), mask, operationName(meeting.operation), meeting.file, meeting.line);
        abandon();
    }
    unsigned half = meeting.generation & 1;
    meeting.slot[half][thread.lane] = value;
    meeting.arrived |= 1u << thread.lane;
    if (complete(meeting, warp)) {
        release(block, number, meeting, 1u << thread.lane);
    } else {
        pause(State::warp, file, line);
    }
    *arrived = meeting.complete[half];
    return meeting.slot[half];
}
