// Turns what the processor refuses inside a kernel (a page that is not there, a division by zero) into a fault of the
// launch. Signals from elsewhere go on to the handler that was there before, such as the JVM's.
#pragma once

#include <pthread.h>

namespace rondo_emu {

void installSignalHandlers();
// Gives the calling worker a stack for its handlers.
void prepareWorkerSignals();
// Stops the thread that a worker runs, if it is in the kernel's own code; it may have to be asked again.
void interruptWorker(pthread_t worker);

} // namespace rondo_emu
