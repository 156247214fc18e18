/**
 * The contract between the public API and a backend: what a backend implements, and nothing an application calls.
 *
 * <p>A backend is found by {@link java.util.ServiceLoader} through its {@link dev.rondo.spi.BackendProvider}. The public
 * classes check every argument before a kernel is called, so kernels do not check again. Every kernel says for each
 * argument its shape, whether it is assigned or accumulated ({@code +=}), and whether it is kept after the call.
 *
 * <ul>
 *   <li><b>Order.</b> Calls on one backend that one thread makes take effect in their order. A backend may queue them and
 *       return before they are done; {@link dev.rondo.spi.Storage#read} and {@link dev.rondo.spi.IntStorage#read} return
 *       the result of every call before them, and waiting for it is their business.
 *   <li><b>Memory.</b> Arrays that are handed over (lengths, the source of a write) belong to the caller again when the call
 *       returns. What is kept is said at the argument.
 *   <li><b>Threads.</b> Any number of threads call one backend at a time, each with an {@link dev.rondo.spi.RnnKernel} of its
 *       own. No call waits for the computation of another one, and results do not depend on who else computes.
 *   <li><b>Overlap.</b> What a kernel writes overlaps nothing that it reads and no other output, except where an argument
 *       says that it may be another one itself.
 *   <li><b>Indices.</b> Integers in device memory cannot be checked without waiting. A backend that queues calls may report
 *       an index that is out of range as late as the next read; until then results are undefined, but no memory outside the
 *       tensors is touched. The CPU backends report it at once, before anything is written.
 *   <li><b>Growth.</b> The interfaces grow by methods with a default only, which does without what is new, or says by an {@link
 *       java.lang.UnsupportedOperationException} that the backend does not have it. A backend that was compiled against an older
 *       version goes on working.
 *   <li><b>Close.</b> A backend that is closed closes what it made; whatever is in progress ends with its result or an
 *       {@link java.lang.IllegalStateException}. Storages and kernels may be closed after their backend. A second close does
 *       nothing.
 * </ul>
 */
@NullMarked
package dev.rondo.spi;

import org.jspecify.annotations.NullMarked;
