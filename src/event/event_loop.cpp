#include "event/event_loop.h"

#include <algorithm>

#include "base/check.h"

namespace seki {

namespace {
// The key of a watch in the kernel: its id, and its order in the highest bit of the slot.
constexpr uint64_t first_bit = uint64_t{1} << 31U;
static_assert(EventLoop::max_watches < first_bit);
}  // namespace

Runnable::~Runnable() {
    if (slot_ == nullptr) return;
    *slot_ = next_;
    if (next_ != nullptr) {
        next_->slot_ = slot_;
    } else if (loop_->ready_end_ == &next_) {
        loop_->ready_end_ = slot_;
    }
}

EventLoop::EventLoop(const Clock& clock, Poller& poller)
    : clock_(clock), poller_(poller), now_(clock.monotonic()), wall_(clock.wall()), timers_(now_) {}

EventLoop::~EventLoop() { delete_deferred(); }

Result<WatchId> EventLoop::watch(int fd, uint32_t events, EventHandler& handler, Order order) {
    const WatchId id = watches_.emplace(handler);
    if (!id.valid()) return failure("cannot watch more than {} descriptors", max_watches);
    const uint64_t key = id.packed() | (order == Order::first ? first_bit : 0);
    if (auto added = poller_.add(fd, events, key); !added) {
        watches_.erase(id);
        return std::unexpected(added.error());
    }
    return id;
}

void EventLoop::unwatch(int fd, WatchId id) {
    poller_.remove(fd);
    watches_.erase(id);
}

void EventLoop::forget(WatchId id) { watches_.erase(id); }

void EventLoop::schedule(Runnable& who) noexcept {
    if (who.scheduled()) return;
    who.loop_ = this;
    who.next_ = nullptr;
    who.slot_ = ready_end_;
    *ready_end_ = &who;
    ready_end_ = &who.next_;
}

void EventLoop::read_clock() {
    now_ = clock_.monotonic();
    wall_ = clock_.wall();
}

void EventLoop::deliver(std::span<const Poller::Event> events, Order order) {
    for (const Poller::Event& event : events) {
        if (((event.key & first_bit) != 0) != (order == Order::first)) continue;
        Watch* watch = watches_.find(WatchId::unpack(event.key & ~first_bit));
        if (watch != nullptr) watch->handler->on_event(event.events);
    }
}

void EventLoop::run_ready() {
    // A mark behind the last one: who is scheduled from here on waits for the next turn.
    struct Mark final : Runnable {
        void run() override {}
    } mark;
    schedule(mark);
    while (ready_ != &mark) {
        Runnable& who = *ready_;
        ready_ = who.next_;
        if (ready_ != nullptr) ready_->slot_ = &ready_;
        who.next_ = nullptr;
        who.slot_ = nullptr;
        who.run();
    }
}

void EventLoop::delete_deferred() {
    // A destructor may defer another one.
    while (!deferred_.empty()) {
        std::vector<std::unique_ptr<DeferredDeletable>> deleting;
        deleting.swap(deferred_);
        deleting.clear();
        if (deferred_.empty()) deferred_.swap(deleting);  // keeps the capacity
    }
}

void EventLoop::turn(Duration longest) {
    Duration sleep = Duration::zero();
    if (ready_ == nullptr) sleep = std::min(longest, timers_.until_next(now_));
    const std::span<const Poller::Event> events = poller_.wait(sleep);
    read_clock();
    deliver(events, Order::first);
    deliver(events, Order::normal);
    timers_.advance(now_);
    if (ready_ != nullptr) run_ready();
    for (const auto& hook : hooks_) hook();
    delete_deferred();
    ++turns_;
}

void EventLoop::run() {
    while (!stopped_) turn();
}

}  // namespace seki
