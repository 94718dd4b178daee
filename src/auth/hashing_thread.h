#pragma once

// The one other thread of a worker: it hashes passwords (crypt(3)) one after the other and knows nothing else. It
// begins with the first job, so that who uses no slow hashes has none. It shares with the loop two lists behind a
// mutex; an eventfd tells the loop that there are outcomes. Where the system has no descriptor or no thread for it, the
// next job tries again.

#include <condition_variable>
#include <deque>
#include <mutex>
#include <thread>
#include <vector>

#include "auth/hasher.h"
#include "base/unique_fd.h"
#include "event/event_loop.h"

namespace seki::auth {

class HashingThread final : public Hasher, private EventHandler {
public:
    explicit HashingThread(EventLoop& loop);
    HashingThread(const HashingThread&) = delete;
    HashingThread& operator=(const HashingThread&) = delete;
    // Waits for the job that runs; others are dropped.
    ~HashingThread() override;

    void on_done(Done done) override { done_ = std::move(done); }
    Result<> begin(HashingJob job) override;

private:
    struct Outcome {
        uint64_t id;
        HashingOutcome outcome;
    };

    Result<> start();
    Result<> begin_thread();
    void work();
    void on_event(uint32_t events) override;

    EventLoop& loop_;
    Done done_;
    UniqueFd ready_;
    WatchId watch_;
    std::thread thread_;

    std::mutex mutex_;  // of all below
    std::condition_variable waiting_jobs_;
    std::deque<HashingJob> jobs_;
    std::vector<Outcome> outcomes_;
    bool ending_ = false;
};

}  // namespace seki::auth
