// The worker threads and the loop that gives every block its turns.
#include "launch.h"
#include "block.h"
#include "report.h"
#include "signals.h"

#include <chrono>
#include <condition_variable>
#include <cstdarg>
#include <cstdlib>
#include <numeric>
#include <sched.h>
#include <thread>
#include <time.h>

namespace rondo_emu {

namespace {

double now() {
    timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

// How long a worker has seen nothing but threads that yield.
class Patience {
public:
    // Whether the launch has got nowhere for too long.
    bool ended(const Launch& launch) {
        uint64_t seen = launch.progress.load(std::memory_order_relaxed);
        if (since_ < 0 || seen != seen_) {
            since_ = now();
            seen_ = seen;
            return false;
        }
        return now() - since_ > engineSettings().timeoutSeconds;
    }
    void renew() { since_ = -1; }

private:
    double since_ = -1;
    uint64_t seen_ = 0;
};

void reportSpin(const Cluster& cluster) {
    for (unsigned rank = 0; rank < cluster.size; rank++) {
        for (const Thread& thread : cluster.blocks[rank]->threads) {
            if (thread.state == State::ready && thread.file) {
                const Index3& block = cluster.blocks[rank]->index;
                fault(*cluster.launch, 702,
                      "kernel %s: block (%u,%u,%u) thread (%u,%u,%u) at %s:%d: spins for more than %g s and no thread "
                      "gets anywhere%s",
                      cluster.launch->kernel->entry.name, block.x, block.y, block.z, thread.index.x, thread.index.y,
                      thread.index.z, thread.file, thread.line, engineSettings().timeoutSeconds,
                      cluster.launch->cooperative ? ""
                                                  : " (other blocks are only sure to run in a cooperative launch)");
                return;
            }
        }
    }
    fault(*cluster.launch, 702, "kernel %s: no thread gets anywhere", cluster.launch->kernel->entry.name);
}

bool stopped(const Launch& launch) { return launch.status.load(std::memory_order_relaxed) != 0; }

// One turn for a cluster. False when it could not run anything.
bool turn(Cluster& cluster, Patience& patience) {
    Launch& launch = *cluster.launch;
    Pass pass = runPass(cluster);
    if (stopped(launch)) {
        return true;
    }
    if (pass.resumed > pass.yielded) {
        launch.progress.fetch_add(1, std::memory_order_relaxed);
        patience.renew();
        return true;
    }
    if (pass.resumed && patience.ended(launch)) {
        reportSpin(cluster);
    }
    return pass.resumed != 0;
}

// The clusters of an ordinary launch come in any order; reverse and random orders must give the same result.
class ClusterOrder {
public:
    ClusterOrder(const Launch& launch) : order_(launch.order), count_(launch.clusters) {
        if (order_ == Order::random && count_ > 2) {
            std::minstd_rand random(launch.seed);
            do {
                factor_ = 1 + random() % (count_ - 1);
            } while (std::gcd(factor_, count_) != 1);
            shift_ = random() % count_;
        }
    }
    size_t operator[](size_t i) const {
        switch (order_) {
        case Order::reverse:
            return count_ - 1 - i;
        case Order::random:
            return static_cast<size_t>((static_cast<unsigned __int128>(i) * factor_ + shift_) % count_);
        default:
            return i;
        }
    }

private:
    Order order_;
    size_t count_, factor_ = 1, shift_ = 0;
};

Cluster& cached(Worker& worker, size_t index) {
    while (worker.cache.size() <= index) {
        worker.cache.push_back(std::make_unique<Cluster>());
    }
    return *worker.cache[index];
}

void runIndependent(Worker& worker, Launch& launch) {
    ClusterOrder order(launch);
    Cluster& cluster = cached(worker, 0);
    size_t i;
    while (!stopped(launch) && (i = launch.nextCluster.fetch_add(1)) < launch.clusters) {
        beginCluster(cluster, launch, worker, order[i]);
        Patience patience;
        worker.inKernel = true;
        while (cluster.live && !stopped(launch)) {
            if (!turn(cluster, patience)) {
                reportStuck(cluster);
            }
        }
        worker.inKernel = false;
        endCluster(cluster);
        launch.progress.fetch_add(1, std::memory_order_relaxed);
    }
}

void completeGrid(Launch& launch) {
    if (launch.gridLive && launch.gridArrived == launch.gridLive) {
        launch.gridArrived = 0;
        launch.gridGeneration.fetch_add(1);
    }
}

// Blocks whose threads all wait at the grid barrier arrive there; blocks whose barrier is complete go on.
void serveGrid(Cluster& cluster) {
    Launch& launch = *cluster.launch;
    for (unsigned rank = 0; rank < cluster.size; rank++) {
        Block& block = *cluster.blocks[rank];
        if (!block.live) {
            continue;
        }
        if (!block.gridArrived && block.atGrid == block.live) {
            std::lock_guard<std::mutex> hold(launch.gridLock);
            block.gridArrived = true;
            block.gridGeneration = launch.gridGeneration.load();
            launch.gridArrived++;
            completeGrid(launch);
        }
        if (block.gridArrived && launch.gridGeneration.load() != block.gridGeneration) {
            block.gridArrived = false;
            block.atGrid = 0;
            for (Thread& thread : block.threads) {
                if (thread.state == State::grid) {
                    wake(thread);
                }
            }
        }
    }
}

// A cooperative grid is resident as a whole: every worker goes round its share of the clusters.
void runTogether(Worker& worker, Launch& launch, unsigned number, unsigned workers) {
    ClusterOrder order(launch);
    std::vector<Cluster*> share;
    for (size_t i = number; i < launch.clusters; i += workers) {
        Cluster& cluster = cached(worker, share.size());
        beginCluster(cluster, launch, worker, order[i]);
        share.push_back(&cluster);
    }
    size_t left = share.size();
    Patience patience;
    worker.inKernel = true;
    while (left && !stopped(launch)) {
        bool ran = false;
        for (Cluster* cluster : share) {
            if (cluster->finished || stopped(launch)) {
                continue;
            }
            serveGrid(*cluster);
            if (allAtGrid(*cluster)) {
                continue;
            }
            bool any = turn(*cluster, patience);
            ran |= any;
            if (!cluster->live) {
                cluster->finished = true;
                left--;
                std::lock_guard<std::mutex> hold(launch.gridLock);
                launch.gridLive -= cluster->size;
                completeGrid(launch);
            } else if (!any) {
                serveGrid(*cluster);
                bool moved = false;
                for (unsigned rank = 0; rank < cluster->size; rank++) {
                    moved |= cluster->blocks[rank]->ready != 0;
                }
                if (!moved && !allAtGrid(*cluster)) {
                    reportStuck(*cluster);
                }
            }
        }
        if (!ran) {
            sched_yield();
        }
    }
    worker.inKernel = false;
    for (Cluster* cluster : share) {
        endCluster(*cluster);
    }
}

// The threads of the operating system that run kernels. Made at the first launch, never ended.
class Pool {
public:
    explicit Pool(unsigned workers) {
        for (unsigned i = 0; i < workers; i++) {
            threads_.emplace_back([this, i] { serve(i); });
        }
    }

    void run(Launch& launch, unsigned wanted) {
        std::unique_lock<std::mutex> hold(lock_);
        launch_ = &launch;
        wanted_ = wanted;
        running_ = wanted;
        turn_++;
        hold.unlock();
        begin_.notify_all();
        spin([this] { return running_ == 0; });
        hold.lock();
        wait(hold, launch);
        launch_ = nullptr;
    }

    unsigned size() const { return static_cast<unsigned>(threads_.size()); }

private:
    // Waits a little without sleeping: between small launches that is cheaper than to be woken.
    template <class Condition> static void spin(Condition condition) {
        for (int i = 0; i < 2000 && !condition(); i++) {
            __builtin_ia32_pause();
        }
    }

    // Looks now and then whether the launch still gets anywhere. A worker that sees only yields ends it by itself; this
    // is for a loop that does not even yield.
    void wait(std::unique_lock<std::mutex>& hold, Launch& launch) {
        uint64_t seen = 0;
        double since = now();
        auto pause = std::chrono::milliseconds(500);
        while (!done_.wait_for(hold, pause, [this] { return running_ == 0; })) {
            uint64_t progress = launch.progress.load(std::memory_order_relaxed);
            if (progress != seen) {
                seen = progress;
                since = now();
            } else if (now() - since > engineSettings().timeoutSeconds + 1) {
                pause = std::chrono::milliseconds(10);
                for (std::thread& thread : threads_) {
                    interruptWorker(thread.native_handle());
                }
            }
        }
    }

    void serve(unsigned number) {
        Worker* worker = new Worker;
        currentWorker = worker;
        prepareWorkerSignals();
        uint64_t seen = 0;
        for (;;) {
            Launch* launch;
            unsigned wanted;
            spin([&] { return turn_ != seen; });
            {
                std::unique_lock<std::mutex> hold(lock_);
                begin_.wait(hold, [&] { return turn_ != seen && number < wanted_; });
                seen = turn_;
                launch = launch_;
                wanted = wanted_;
            }
            if (launch->cooperative) {
                runTogether(*worker, *launch, number, wanted);
            } else {
                runIndependent(*worker, *launch);
            }
            std::lock_guard<std::mutex> hold(lock_);
            if (--running_ == 0) {
                done_.notify_all();
            }
        }
    }

    std::mutex lock_;
    std::condition_variable begin_, done_;
    std::vector<std::thread> threads_;
    Launch* launch_ = nullptr;
    unsigned wanted_ = 0;
    std::atomic<unsigned> running_{0};
    std::atomic<uint64_t> turn_{0};
};

} // namespace

EngineSettings& engineSettings() {
    static EngineSettings* settings = new EngineSettings;
    return *settings;
}

bool parseOrder(const std::string& text) {
    EngineSettings& settings = engineSettings();
    if (text == "fwd") {
        settings.order = Order::forward;
    } else if (text == "rev") {
        settings.order = Order::reverse;
    } else if (text.rfind("rand:", 0) == 0 && text.size() > 5 &&
               text.find_first_not_of("0123456789", 5) == std::string::npos) {
        settings.order = Order::random;
        settings.seed = static_cast<unsigned>(strtoul(text.c_str() + 5, nullptr, 10));
    } else {
        return false;
    }
    return true;
}

int run(Launch& launch) {
    static Pool* pool = new Pool(engineSettings().workers);
    const uint32_t* shape = launch.kernel->entry.clusterShape;
    size_t blocks = static_cast<size_t>(launch.grid.x) * launch.grid.y * launch.grid.z;
    launch.clusters = blocks / (static_cast<size_t>(shape[0]) * shape[1] * shape[2]);
    launch.gridLive = static_cast<unsigned>(blocks);
    launch.order = engineSettings().order;
    launch.seed = engineSettings().seed;
    size_t threads = blocks * launch.block.x * launch.block.y * launch.block.z;
    // A second worker costs more to wake than a small grid takes.
    unsigned wanted = threads <= 1024 ? 1 : pool->size();
    if (launch.clusters < wanted) {
        wanted = static_cast<unsigned>(launch.clusters);
    }
    pool->run(launch, wanted);
    return launch.status.load();
}

void fault(Launch& launch, int status, const char* format, ...) {
    int none = 0;
    if (!launch.status.compare_exchange_strong(none, status)) {
        return;
    }
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    report("%s", text);
}

void faultHere(int status, const char* file, int line, const char* format, ...) {
    char text[1024];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const Thread& thread = *self();
    const Block& block = *thread.home;
    Launch& launch = *block.cluster->launch;
    char place[256] = "";
    if (file) {
        snprintf(place, sizeof place, " at %s:%d", file, line);
    }
    fault(launch, status, "kernel %s: block (%u,%u,%u) thread (%u,%u,%u)%s: %s", launch.kernel->entry.name,
          block.index.x, block.index.y, block.index.z, thread.index.x, thread.index.y, thread.index.z, place, text);
}

} // namespace rondo_emu
