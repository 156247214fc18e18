// Graphs, made by stream capture only.
#include "call.h"
#include "queue.h"

#include <algorithm>
#include <cerrno>

using namespace rondo_emu;

namespace {

// Whether everything recorded leads to one of the last nodes of the origin stream.
bool allJoined(const Graph& graph, const std::vector<size_t>& last) {
    std::vector<bool> reached(graph.nodes.size());
    std::vector<size_t> open = last;
    while (!open.empty()) {
        size_t node = open.back();
        open.pop_back();
        if (!reached[node]) {
            reached[node] = true;
            open.insert(open.end(), graph.nodes[node].after.begin(), graph.nodes[node].after.end());
        }
    }
    return std::find(reached.begin(), reached.end(), false) == reached.end();
}

} // namespace

DRIVER_API cuStreamBeginCapture_v2(CUstream handle, int mode) {
    ENTER(context)
    auto stream = findStream(handle);
    if (!stream) {
        return kInvalidHandle;
    }
    if (stream.get() == &driverState().legacy) {
        return kCaptureUnsupported;
    }
    if (stream->capture || mode < 0 || mode > 2) {
        return kInvalidValue;
    }
    stream->capture = std::make_shared<Capture>();
    stream->capture->mode = mode;
    stream->capture->thread = &errno; // one address per thread
    stream->capture->origin = handle;
    stream->captureAfter.clear();
    return kSuccess;
}

DRIVER_API cuStreamEndCapture(CUstream handle, CUgraph* graph) {
    ENTER(context)
    auto stream = findStream(handle);
    if (!stream || !graph) {
        return stream ? kInvalidValue : kInvalidHandle;
    }
    *graph = nullptr;
    std::shared_ptr<Capture> capture = stream->capture;
    if (!capture) {
        return kInvalidValue;
    }
    if (capture->origin != handle) {
        return kCaptureUnmatched;
    }
    if (capture->mode != 2 && capture->thread != &errno) {
        return kCaptureWrongThread;
    }
    std::vector<size_t> last = stream->captureAfter;
    for (CUstream joined : capture->joined) {
        if (auto other = driverState().streams.find(joined)) {
            other->capture = nullptr;
            other->captureAfter.clear();
        }
    }
    stream->capture = nullptr;
    stream->captureAfter.clear();
    capture->origin = nullptr;
    if (capture->invalid) {
        return capture->invalid;
    }
    if (!allJoined(*capture->graph, last)) {
        return kCaptureUnjoined;
    }
    *graph = driverState().graphs.add(capture->graph);
    return kSuccess;
}

DRIVER_API cuStreamIsCapturing(CUstream handle, int* status) {
    ENTER(context)
    auto stream = findStream(handle);
    if (!stream) {
        return kInvalidHandle;
    }
    *status = !stream->capture ? 0 : stream->capture->invalid ? 2 : 1;
    return kSuccess;
}

DRIVER_API cuThreadExchangeStreamCaptureMode(int* mode) {
    ENTER(initialized)
    *mode = 0;
    return kSuccess;
}

DRIVER_API cuGraphDestroy(CUgraph graph) {
    ENTER_RELEASE()
    return driverState().graphs.remove(graph) ? poison() : static_cast<int>(kInvalidValue);
}

DRIVER_API cuGraphGetNodes(CUgraph handle, void** nodes, size_t* count) {
    ENTER(context)
    auto graph = driverState().graphs.find(handle);
    if (!graph) {
        return kInvalidValue;
    }
    if (nodes) {
        return kNotSupported; // only the number is known
    }
    *count = graph->nodes.size();
    return kSuccess;
}

DRIVER_API cuGraphInstantiateWithFlags(CUgraphExec* handle, CUgraph graphHandle, unsigned long long) {
    ENTER(context)
    auto graph = driverState().graphs.find(graphHandle);
    if (!graph || !handle) {
        return kInvalidValue;
    }
    auto exec = std::make_shared<GraphExec>();
    exec->graph = *graph;
    *handle = driverState().graphExecs.add(exec);
    return kSuccess;
}

DRIVER_API cuGraphUpload(CUgraphExec handle, CUstream stream) {
    ENTER(context)
    if (!driverState().graphExecs.find(handle)) {
        return kInvalidValue;
    }
    return findStream(stream) ? kSuccess : kInvalidHandle;
}

DRIVER_API cuGraphLaunch(CUgraphExec handle, CUstream streamHandle) {
    ENTER(context)
    auto exec = driverState().graphExecs.find(handle);
    auto stream = findStream(streamHandle);
    if (!exec || !stream) {
        return exec ? kInvalidHandle : kInvalidValue;
    }
    return submit(*stream, [exec] {
        for (size_t node : graphOrder(exec->graph)) {
            int status = exec->graph.nodes[node].run ? exec->graph.nodes[node].run() : 0;
            if (status) {
                return status;
            }
        }
        return 0;
    });
}

DRIVER_API cuGraphExecDestroy(CUgraphExec handle) {
    ENTER_RELEASE()
    return driverState().graphExecs.remove(handle) ? poison() : static_cast<int>(kInvalidValue);
}
