// Everything a handle can stand for.
#pragma once

#include "api.h"
#include "settings.h"
#include "../engine/kernels.h"

#include <functional>
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

namespace rondo_emu {

// One piece of work of a stream. It runs after those it depends on.
struct Work {
    std::function<int()> run;
    std::vector<std::shared_ptr<Work>> after;
    bool done = false;
    double finishedAt = 0; // seconds, for events
};
using WorkRef = std::shared_ptr<Work>;

// Recorded work of a capture, in the order of recording. after: indices of earlier nodes.
struct Graph {
    struct Node {
        std::function<int()> run;
        std::vector<size_t> after;
    };
    std::vector<Node> nodes;
};

struct Capture {
    std::shared_ptr<Graph> graph = std::make_shared<Graph>();
    int mode = 0; // 0 global, 1 thread-local, 2 relaxed
    const void* thread = nullptr;
    CUstream origin = nullptr;
    int invalid = 0; // status that made it invalid
    std::vector<CUstream> joined;
};

struct Context {
    bool primary = false;
    bool alive = true;
    int device = 0;
};

struct Stream {
    bool blocking = true; // waits for the legacy stream and the other way round
    int priority = 0;
    unsigned flags = 0;
    WorkRef last;
    std::shared_ptr<Capture> capture;
    std::vector<size_t> captureAfter; // the nodes the next captured work depends on
};

struct Event {
    bool timed = true;
    WorkRef work; // of the last record; null: never recorded
    std::shared_ptr<Capture> capture; // when it was recorded in a capture
    std::vector<size_t> captureAfter;
};

struct Module {
    std::string kernels;     // names the image mentions, each between newlines
    bool readable = true;    // false: the image is compressed, any kernel is taken to be in it
    bool loaded = true;
    std::map<std::string, CUfunction> functions; // that were asked for
};

struct Function {
    Kernel* kernel = nullptr;
    std::shared_ptr<Module> module;
    int dynamicLimit = 48 * 1024;
    bool nonPortableCluster = false;
};

struct GraphExec {
    Graph graph;
};

// Handles of one kind. A handle is the kind and a serial number; it points nowhere and is never given out again.
template <class T> class Handles {
public:
    explicit Handles(uint64_t kind) : kind_(kind) {}
    void* add(std::shared_ptr<T> object) {
        uint64_t handle = kind_ << 44 | ++serial_ << 4;
        objects_[handle] = std::move(object);
        return reinterpret_cast<void*>(handle);
    }
    std::shared_ptr<T> find(const void* handle) const {
        auto found = objects_.find(reinterpret_cast<uint64_t>(handle));
        return found == objects_.end() ? nullptr : found->second;
    }
    bool remove(const void* handle) { return objects_.erase(reinterpret_cast<uint64_t>(handle)) != 0; }
    size_t count() const { return objects_.size(); }
    void clear() { objects_.clear(); }
    const std::unordered_map<uint64_t, std::shared_ptr<T>>& all() const { return objects_; }

private:
    uint64_t kind_, serial_ = 0;
    std::unordered_map<uint64_t, std::shared_ptr<T>> objects_;
};

struct LaunchRecord {
    std::string kernel;
    Index3 grid, block;
    unsigned dynamicBytes;
    bool cooperative;
};

// The primary context of a device.
struct Primary {
    CUcontext context = nullptr;
    int count = 0;
};

struct DriverState {
    bool initialized = false;
    Handles<Context> contexts{1};
    Handles<Module> modules{2};
    Handles<Function> functions{3};
    Handles<Stream> streams{4};
    Handles<Event> events{5};
    Handles<Graph> graphs{6};
    Handles<GraphExec> graphExecs{7};
    Stream legacy;                  // the stream of handle 0
    Primary primaries[MOST_DEVICES];
    size_t leakedAtRelease = 0;     // objects that were live when the primary context went
    std::vector<LaunchRecord> launches;
    long launchCount = 0;
};

DriverState& driverState();

// kInvalidContext, kContextIsDestroyed or 0 for the calling thread.
int currentContextStatus();
// The device of the calling thread's context; 0 without one.
int currentDevice();
// Frees everything of the device. Returns how many objects were live.
size_t destroyEverything();

} // namespace rondo_emu
