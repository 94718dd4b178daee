#pragma once

// Timers in a hierarchical wheel: arming, moving and cancelling are O(1), and a wheel of 10,000 timers costs nothing
// until one is due. The tick is one millisecond and a timer never fires early. A Timer is a member of its owner and
// cancels itself when it goes.
//
// Deadlines that move with every byte are lazy: defer() only notes the later time, and the wheel puts the timer there
// when the earlier time comes. So a busy connection costs one store per request and one relink per timeout.

#include <array>
#include <cstdint>

#include "base/clock.h"

namespace seki {

class TimerWheel;

class Timer {
public:
    Timer() = default;
    Timer(const Timer&) = delete;
    Timer& operator=(const Timer&) = delete;
    virtual ~Timer();

    [[nodiscard]] bool armed() const noexcept { return wheel_ != nullptr; }
    [[nodiscard]] Monotonic deadline() const noexcept { return deadline_; }

protected:
    // Called by the wheel when the deadline has come; the timer is not armed then and may be armed again.
    virtual void on_timer() = 0;

private:
    friend class TimerWheel;

    TimerWheel* wheel_ = nullptr;
    Timer* next_ = nullptr;
    Timer** slot_ = nullptr;  // what points at this timer
    Monotonic deadline_{};
    uint64_t filed_tick_ = 0;  // the tick whose slot it is in
};

class TimerWheel {
public:
    explicit TimerWheel(Monotonic now) noexcept;
    TimerWheel(const TimerWheel&) = delete;
    TimerWheel& operator=(const TimerWheel&) = delete;
    ~TimerWheel();

    // Fires at `deadline` or up to a tick later. An armed timer is moved; moving it to a later time is one store.
    void arm(Timer& timer, Monotonic deadline) noexcept;
    void cancel(Timer& timer) noexcept;

    // Fires all timers that are due at `now`. Timers armed meanwhile for a time that has passed fire in the next call.
    void advance(Monotonic now);

    // How long the loop may sleep; Duration::max() without timers. It may be shorter than needed, never longer.
    [[nodiscard]] Duration until_next(Monotonic now) const noexcept;

private:
    static constexpr unsigned level_bits = 8;
    static constexpr unsigned levels =
        4;  // 2^32 ms: 49 days; later deadlines wait in the last slot and are filed again
    static constexpr unsigned slots = 1U << level_bits;

    [[nodiscard]] uint64_t tick_of(Monotonic time) const noexcept;
    void file(Timer& timer, uint64_t tick) noexcept;
    void unlink(Timer& timer) noexcept;
    [[nodiscard]] unsigned ticks_to_next_slot() const noexcept;
    void cascade(unsigned level);
    void expire(Timer*& slot, Monotonic now);

    std::array<std::array<Timer*, slots>, levels> wheel_{};
    std::array<std::array<uint64_t, slots / 64>, levels> occupied_{};  // a set bit may be stale, a clear one is true
    Monotonic origin_;
    uint64_t tick_ = 0;  // all earlier ticks have been expired
    uint64_t armed_ = 0;
};

}  // namespace seki
