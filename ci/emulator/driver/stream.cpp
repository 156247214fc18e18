// Streams and events.
#include "call.h"
#include "queue.h"

using namespace rondo_emu;

DRIVER_API cuStreamCreateWithPriority(CUstream* handle, unsigned flags, int priority) {
    ENTER(context)
    if (!handle || flags > 1) {
        return kInvalidValue;
    }
    auto stream = std::make_shared<Stream>();
    stream->flags = flags;
    stream->blocking = flags == 0;
    stream->priority = priority < -5 ? -5 : priority > 0 ? 0 : priority;
    *handle = driverState().streams.add(stream);
    return kSuccess;
}

DRIVER_API cuStreamCreate(CUstream* handle, unsigned flags) {
    ENTER(context)
    if (!handle || flags > 1) {
        return kInvalidValue;
    }
    auto stream = std::make_shared<Stream>();
    stream->flags = flags;
    stream->blocking = flags == 0;
    *handle = driverState().streams.add(stream);
    return kSuccess;
}

// Work that was submitted still runs, as on a device.
DRIVER_API cuStreamDestroy_v2(CUstream handle) {
    ENTER_RELEASE()
    auto stream = driverState().streams.find(handle);
    if (!stream) {
        return kInvalidHandle;
    }
    if (stream->capture) {
        stream->capture->invalid = kCaptureInvalidated;
    }
    driverState().streams.remove(handle);
    return poison();
}

DRIVER_API cuStreamSynchronize(CUstream handle) {
    ENTER(context)
    auto stream = findStream(handle);
    if (!stream) {
        return kInvalidHandle;
    }
    if (stream->capture) {
        stream->capture->invalid = kCaptureInvalidated;
        return kCaptureUnsupported;
    }
    // The legacy stream has to wait for the blocking ones even when it did nothing itself.
    if (stream.get() == &driverState().legacy) {
        return submitAndFinish(*stream, nullptr);
    }
    if (stream->last) {
        finishWork(stream->last);
    }
    return poison();
}

DRIVER_API cuStreamQuery(CUstream handle) {
    ENTER(context)
    auto stream = findStream(handle);
    if (!stream) {
        return kInvalidHandle;
    }
    if (stream->capture) {
        stream->capture->invalid = kCaptureInvalidated;
        return kCaptureUnsupported;
    }
    if (!stream->last || stream->last->done) {
        return poison();
    }
    advanceWork(stream->last); // so that a loop of queries ends
    return poison() ? poison() : kNotReady;
}

DRIVER_API cuStreamGetFlags(CUstream handle, unsigned* flags) {
    ENTER(context)
    auto stream = findStream(handle);
    if (!stream) {
        return kInvalidHandle;
    }
    *flags = stream->flags;
    return kSuccess;
}

DRIVER_API cuStreamGetPriority(CUstream handle, int* priority) {
    ENTER(context)
    auto stream = findStream(handle);
    if (!stream) {
        return kInvalidHandle;
    }
    *priority = stream->priority;
    return kSuccess;
}

DRIVER_API cuStreamGetCtx(CUstream handle, CUcontext* context) {
    ENTER(context)
    if (!findStream(handle)) {
        return kInvalidHandle;
    }
    *context = driverState().primaries[currentDevice()].context;
    return kSuccess;
}

DRIVER_API cuStreamWaitEvent(CUstream handle, CUevent eventHandle, unsigned) {
    ENTER(context)
    auto stream = findStream(handle);
    auto event = driverState().events.find(eventHandle);
    if (!stream || !event) {
        return kInvalidHandle;
    }
    if (event->capture) {
        if (!event->capture->origin) {
            return kCapturedEvent; // that capture has ended
        }
        if (stream->capture && stream->capture != event->capture) {
            return kCaptureMerge;
        }
        if (stream.get() == &driverState().legacy) {
            return kCaptureImplicit;
        }
        if (!stream->capture) {
            stream->capture = event->capture;
            stream->captureAfter.clear();
            event->capture->joined.push_back(handle);
        }
        for (size_t node : event->captureAfter) {
            stream->captureAfter.push_back(node);
        }
        return kSuccess;
    }
    if (stream->capture) {
        if (!event->work) {
            return kSuccess;
        }
        stream->capture->invalid = kCaptureInvalidated;
        return kCaptureIsolation;
    }
    WorkRef before = event->work;
    if (!before || before->done) {
        return kSuccess;
    }
    // A piece of work that does nothing, and waits for both.
    WorkRef marker = std::make_shared<Work>();
    if (stream->last) {
        marker->after.push_back(stream->last);
    }
    marker->after.push_back(before);
    stream->last = marker;
    return kSuccess;
}

DRIVER_API cuLaunchHostFunc(CUstream handle, CUhostFn function, void* data) {
    ENTER(context)
    auto stream = findStream(handle);
    if (!stream) {
        return kInvalidHandle;
    }
    return submit(*stream, [=] {
        function(data);
        return 0;
    });
}

DRIVER_API cuStreamAddCallback(CUstream handle, CUstreamCallback callback, void* data, unsigned) {
    ENTER(context)
    auto stream = findStream(handle);
    if (!stream) {
        return kInvalidHandle;
    }
    if (stream->capture) {
        stream->capture->invalid = kCaptureInvalidated;
        return kCaptureUnsupported;
    }
    return submit(*stream, [=] {
        callback(handle, poison(), data);
        return 0;
    });
}

DRIVER_API cuEventCreate(CUevent* handle, unsigned flags) {
    ENTER(context)
    if (!handle || (flags & ~3u)) {
        return kInvalidValue;
    }
    auto event = std::make_shared<Event>();
    event->timed = !(flags & 2);
    *handle = driverState().events.add(event);
    return kSuccess;
}

DRIVER_API cuEventDestroy_v2(CUevent handle) {
    ENTER_RELEASE()
    return driverState().events.remove(handle) ? poison() : static_cast<int>(kInvalidHandle);
}

DRIVER_API cuEventRecord(CUevent handle, CUstream streamHandle) {
    ENTER(context)
    auto event = driverState().events.find(handle);
    auto stream = findStream(streamHandle);
    if (!event || !stream) {
        return kInvalidHandle;
    }
    if (stream->capture) {
        event->capture = stream->capture;
        event->captureAfter = stream->captureAfter;
        event->work = nullptr;
        return stream->capture->invalid ? static_cast<int>(kCaptureInvalidated) : kSuccess;
    }
    event->capture = nullptr;
    return submit(*stream, nullptr, &event->work);
}

DRIVER_API cuEventSynchronize(CUevent handle) {
    ENTER(context)
    auto event = driverState().events.find(handle);
    if (!event) {
        return kInvalidHandle;
    }
    if (event->capture) {
        event->capture->invalid = kCaptureInvalidated;
        return kCapturedEvent;
    }
    if (event->work) {
        finishWork(event->work);
    }
    return poison();
}

DRIVER_API cuEventQuery(CUevent handle) {
    ENTER(context)
    auto event = driverState().events.find(handle);
    if (!event) {
        return kInvalidHandle;
    }
    if (event->capture) {
        event->capture->invalid = kCaptureInvalidated;
        return kCapturedEvent;
    }
    if (!event->work || event->work->done) {
        return poison();
    }
    advanceWork(event->work);
    return poison() ? poison() : kNotReady;
}

DRIVER_API cuEventElapsedTime(float* milliseconds, CUevent first, CUevent second) {
    ENTER(context)
    auto from = driverState().events.find(first), to = driverState().events.find(second);
    if (!from || !to || !from->timed || !to->timed || !from->work || !to->work) {
        return kInvalidHandle;
    }
    if (!from->work->done || !to->work->done) {
        return kNotReady;
    }
    *milliseconds = static_cast<float>((to->work->finishedAt - from->work->finishedAt) * 1000);
    return kSuccess;
}
