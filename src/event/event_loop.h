#pragma once

// The loop of a process. One turn:
//
//     1. wait for events: not at all while something is on the ready list, else until the next timer
//     2. read the clock, once
//     3. events of handlers that asked to be first (idle backend connections: stale ones go before anybody can take
//     them)
//     4. all other events
//     5. timers that are due
//     6. the ready list, as it was when this step began: who ran out of budget or was woken by another
//     7. end of turn: the hooks (logs are written out), then deferred deletes
//
// Nobody is destroyed before step 7 of the turn in which it ended, so references stay good within a turn. Events carry
// the id of a watch, never a pointer: an event for a watch that is gone is ignored.

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "base/slab.h"
#include "event/poller.h"
#include "event/timer_wheel.h"

namespace seki {

class EventHandler {
public:
    virtual ~EventHandler() = default;
    virtual void on_event(uint32_t events) = 0;
};

// On the ready list at most once; leaves it when destroyed.
class Runnable {
public:
    Runnable() = default;
    Runnable(const Runnable&) = delete;
    Runnable& operator=(const Runnable&) = delete;
    virtual ~Runnable();
    [[nodiscard]] bool scheduled() const noexcept { return slot_ != nullptr; }

protected:
    virtual void run() = 0;

private:
    friend class EventLoop;
    Runnable* next_ = nullptr;
    Runnable** slot_ = nullptr;
    class EventLoop* loop_ = nullptr;
};

// What may be in use until the end of the turn in which it ends.
class DeferredDeletable {
public:
    virtual ~DeferredDeletable() = default;
};

using WatchId = SlabId;

class EventLoop {
public:
    enum class Order : uint8_t { first, normal };

    static constexpr uint32_t max_watches = 1U << 20U;

    // `clock` and `poller` outlive the loop.
    EventLoop(const Clock& clock, Poller& poller);
    EventLoop(const EventLoop&) = delete;
    EventLoop& operator=(const EventLoop&) = delete;
    ~EventLoop();

    // `handler` is called with the events until unwatch(). `events` are epoll's, EPOLLET included where wanted.
    Result<WatchId> watch(int fd, uint32_t events, EventHandler& handler, Order order);
    // Must come before the descriptor is closed: others may hold a copy of it.
    void unwatch(int fd, WatchId id);
    // Without telling the kernel, for a descriptor that nobody shares and that is closed in the same breath.
    void forget(WatchId id);

    // Runs `who` in step 6 of this turn, or of the next one when step 6 is running.
    void schedule(Runnable& who) noexcept;

    // Destroyed at the end of the turn.
    void deferred_delete(std::unique_ptr<DeferredDeletable> object) { deferred_.push_back(std::move(object)); }
    // Called at the end of every turn, for the loop's life.
    void at_end_of_turn(std::function<void()> hook) { hooks_.push_back(std::move(hook)); }

    [[nodiscard]] Monotonic now() const noexcept { return now_; }
    [[nodiscard]] WallTime wall() const noexcept { return wall_; }
    [[nodiscard]] TimerWheel& timers() noexcept { return timers_; }
    [[nodiscard]] uint64_t turns() const noexcept { return turns_; }

    // One turn; sleeps at most `longest`.
    void turn(Duration longest = Duration::max());
    // Turns until stop().
    void run();
    void stop() noexcept { stopped_ = true; }
    // The next turn has something to do without any event.
    [[nodiscard]] bool has_ready() const noexcept { return ready_ != nullptr; }

private:
    friend class Runnable;

    struct Watch {
        Watch(SlabId, EventHandler& handler_) : handler(&handler_) {}
        EventHandler* handler;
    };

    void read_clock();
    void deliver(std::span<const Poller::Event> events, Order order);
    void run_ready();
    void delete_deferred();

    const Clock& clock_;
    Poller& poller_;
    Monotonic now_;
    WallTime wall_;
    TimerWheel timers_;
    Slab<Watch, 256> watches_{max_watches};
    Runnable* ready_ = nullptr;
    Runnable** ready_end_ = &ready_;
    std::vector<std::unique_ptr<DeferredDeletable>> deferred_;
    std::vector<std::function<void()>> hooks_;
    uint64_t turns_ = 0;
    bool stopped_ = false;
};

}  // namespace seki
