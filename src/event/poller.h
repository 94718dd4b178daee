#pragma once

// The seam between the loop and the kernel: which descriptors are ready. EpollPoller is the real one (epoll(7));
// simulations bring their own.

#include <cstdint>
#include <span>
#include <sys/epoll.h>

#include "base/clock.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace seki {

class Poller {
public:
    struct Event {
        uint32_t events;  // EPOLLIN, EPOLLOUT, EPOLLRDHUP, EPOLLHUP, EPOLLERR
        uint64_t key;
    };

    virtual ~Poller() = default;
    // `events` with or without EPOLLET. Fails when the kernel has no memory or the user no watches left.
    virtual Result<> add(int fd, uint32_t events, uint64_t key) = 0;
    virtual void remove(int fd) = 0;
    // Waits at most `timeout` (rounded up to a millisecond; Duration::max() for ever) and returns what is ready.
    virtual std::span<const Event> wait(Duration timeout) = 0;
};

class EpollPoller final : public Poller {
public:
    static constexpr int batch = 512;  // events taken per turn: a bound for the work between two looks at the clock

    EpollPoller();
    Result<> add(int fd, uint32_t events, uint64_t key) override;
    void remove(int fd) override;
    std::span<const Event> wait(Duration timeout) override;

private:
    UniqueFd epoll_;
    epoll_event raw_[batch];
    Event events_[batch];
};

}  // namespace seki
