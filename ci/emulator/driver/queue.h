// Work of streams: what waits for what, and when it runs.
#pragma once

#include "objects.h"

namespace rondo_emu {

// The stream of a handle; null when there is none. Handles 0, 1 and 2 are the legacy stream.
std::shared_ptr<Stream> findStream(CUstream handle);

// Gives work to a stream, or to the graph that the stream is recording. *made is the work; null when it was recorded.
int submit(Stream& stream, std::function<int()> run, WorkRef* made = nullptr);
// Submits and runs it, with everything it waits for.
int submitAndFinish(Stream& stream, std::function<int()> run);

// Runs the work and everything it waits for.
void finishWork(const WorkRef& work);
// Runs one piece of what the work waits for, or the work. For calls that only ask.
void advanceWork(const WorkRef& work);
void finishAllWork();
void dropWork();
size_t pendingWork();

// A call that may wait for other streams makes a capture invalid: 900, and 0 when none is concerned.
int refuseDuringCapture();
// The nodes of a graph in an order that its dependencies allow.
std::vector<size_t> graphOrder(const Graph& graph);

double monotonicSeconds();

} // namespace rondo_emu
