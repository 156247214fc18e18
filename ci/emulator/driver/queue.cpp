#include "queue.h"
#include "call.h"
#include "settings.h"

#include <cerrno>
#include <deque>
#include <set>
#include <time.h>

namespace rondo_emu {

namespace {

std::deque<WorkRef>& pending() {
    static auto* made = new std::deque<WorkRef>;
    return *made;
}

void execute(Work& work) {
    if (!poison()) {
        int status = work.run ? work.run() : 0;
        if (isSticky(status)) {
            setPoison(status);
        }
    }
    work.done = true;
    work.finishedAt = monotonicSeconds();
    work.run = nullptr;
    work.after.clear();
}

// The first of what the work waits for that has still to run; null when the work itself can.
WorkRef firstNeeded(const Work& work) {
    for (const WorkRef& before : work.after) {
        if (!before->done) {
            return before;
        }
    }
    return nullptr;
}

// One piece on the way to the work. The path, which leads from the work to it, is kept for the next call.
void step(std::vector<WorkRef>& path) {
    while (WorkRef needed = firstNeeded(*path.back())) {
        path.push_back(needed);
    }
    execute(*path.back());
    path.pop_back();
}

void runUpTo(const WorkRef& work) {
    std::vector<WorkRef> path{work};
    while (!path.empty()) {
        if (path.back()->done) {
            path.pop_back();
        } else {
            step(path);
        }
    }
}

void collect(const WorkRef& work, std::set<const Work*>& into) {
    std::vector<const Work*> open{work.get()};
    while (!open.empty()) {
        const Work* next = open.back();
        open.pop_back();
        if (into.insert(next).second) {
            for (const WorkRef& before : next->after) {
                open.push_back(before.get());
            }
        }
    }
}

void prune() {
    auto& all = pending();
    while (!all.empty() && all.front()->done) {
        all.pop_front();
    }
}

// The rules of the legacy stream: it waits for all blocking streams, and they wait for it.
void addDependencies(Stream& stream, Work& work) {
    DriverState& state = driverState();
    auto add = [&](const WorkRef& before) {
        if (before && !before->done) {
            work.after.push_back(before);
        }
    };
    add(stream.last);
    if (&stream == &state.legacy) {
        for (const auto& other : state.streams.all()) {
            if (other.second->blocking) {
                add(other.second->last);
            }
        }
    } else if (stream.blocking) {
        add(state.legacy.last);
    }
}

} // namespace

double monotonicSeconds() {
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

std::shared_ptr<Stream> findStream(CUstream handle) {
    if (reinterpret_cast<uintptr_t>(handle) <= 2) {
        return std::shared_ptr<Stream>(std::shared_ptr<Stream>(), &driverState().legacy);
    }
    return driverState().streams.find(handle);
}

int submit(Stream& stream, std::function<int()> run, WorkRef* made) {
    if (stream.capture) {
        Capture& capture = *stream.capture;
        if (capture.invalid) {
            return kCaptureInvalidated;
        }
        capture.graph->nodes.push_back({std::move(run), stream.captureAfter});
        stream.captureAfter = {capture.graph->nodes.size() - 1};
        return kSuccess;
    }
    if (&stream == &driverState().legacy) {
        for (const auto& other : driverState().streams.all()) {
            if (other.second->capture && other.second->blocking) {
                other.second->capture->invalid = kCaptureInvalidated;
                return kCaptureImplicit;
            }
        }
    }
    WorkRef work = std::make_shared<Work>();
    work->run = std::move(run);
    addDependencies(stream, *work);
    stream.last = work;
    if (made) {
        *made = work;
    }
    if (settings().streams == StreamMode::eager) {
        runUpTo(work);
    } else {
        pending().push_back(work);
    }
    return kSuccess;
}

int submitAndFinish(Stream& stream, std::function<int()> run) {
    WorkRef work;
    if (int status = submit(stream, std::move(run), &work)) {
        return status;
    }
    if (work) {
        finishWork(work);
    }
    return poison();
}

void finishWork(const WorkRef& work) {
    if (work->done) {
        return;
    }
    if (settings().streams == StreamMode::others) {
        std::set<const Work*> needed;
        collect(work, needed);
        std::vector<WorkRef> rest(pending().rbegin(), pending().rend());
        for (const WorkRef& other : rest) {
            if (!needed.count(other.get())) {
                runUpTo(other);
            }
        }
    }
    runUpTo(work);
    prune();
}

void advanceWork(const WorkRef& work) {
    if (!work->done) {
        std::vector<WorkRef> path{work};
        step(path);
        prune();
    }
}

void finishAllWork() {
    auto& all = pending();
    while (!all.empty()) {
        runUpTo(settings().streams == StreamMode::others ? all.back() : all.front());
        while (!all.empty() && all.back()->done) {
            all.pop_back();
        }
        prune();
    }
}

void dropWork() {
    for (const WorkRef& work : pending()) {
        work->done = true;
        work->run = nullptr;
        work->after.clear();
    }
    pending().clear();
}

size_t pendingWork() {
    size_t count = 0;
    for (const WorkRef& work : pending()) {
        count += !work->done;
    }
    return count;
}

int refuseDuringCapture() {
    int status = kSuccess;
    for (const auto& stream : driverState().streams.all()) {
        Capture* capture = stream.second->capture.get();
        if (capture && (capture->mode == 0 || (capture->mode == 1 && capture->thread == &errno))) {
            capture->invalid = kCaptureInvalidated;
            status = kCaptureUnsupported;
        }
    }
    return status;
}

std::vector<size_t> graphOrder(const Graph& graph) {
    std::vector<size_t> order;
    if (settings().streams == StreamMode::eager) {
        for (size_t i = 0; i < graph.nodes.size(); i++) {
            order.push_back(i);
        }
        return order;
    }
    // Newest first among those that may run: a dependency that was not recorded shows.
    std::vector<std::vector<size_t>> followers(graph.nodes.size());
    std::vector<size_t> waiting(graph.nodes.size());
    std::set<size_t> free;
    for (size_t i = 0; i < graph.nodes.size(); i++) {
        waiting[i] = graph.nodes[i].after.size();
        for (size_t before : graph.nodes[i].after) {
            followers[before].push_back(i);
        }
        if (!waiting[i]) {
            free.insert(i);
        }
    }
    while (!free.empty()) {
        size_t next = *free.rbegin();
        free.erase(next);
        order.push_back(next);
        for (size_t follower : followers[next]) {
            if (--waiting[follower] == 0) {
                free.insert(follower);
            }
        }
    }
    return order;
}

} // namespace rondo_emu
