#include "event/timer_wheel.h"

#include <algorithm>
#include <bit>

#include "base/check.h"

namespace seki {

namespace {
constexpr Duration tick_length = std::chrono::milliseconds(1);
}

Timer::~Timer() {
    if (wheel_ != nullptr) wheel_->cancel(*this);
}

TimerWheel::TimerWheel(Monotonic now) noexcept : origin_(now) {}

TimerWheel::~TimerWheel() {
    for (auto& level : wheel_) {
        for (Timer* timer : level) {
            for (; timer != nullptr; timer = timer->next_) timer->wheel_ = nullptr;
        }
    }
}

// Rounded up, so that a timer never fires early.
uint64_t TimerWheel::tick_of(Monotonic time) const noexcept {
    if (time <= origin_) return 0;
    return static_cast<uint64_t>((time - origin_ + tick_length - Duration(1)) / tick_length);
}

void TimerWheel::arm(Timer& timer, Monotonic deadline) noexcept {
    timer.deadline_ = deadline;
    if (timer.wheel_ != nullptr) {
        SEKI_DCHECK(timer.wheel_ == this);
        if (tick_of(deadline) >= timer.filed_tick_) return;  // lazy: filed again when the earlier tick comes
        unlink(timer);
    }
    file(timer, tick_of(deadline));
}

void TimerWheel::cancel(Timer& timer) noexcept {
    if (timer.wheel_ != nullptr) unlink(timer);
}

void TimerWheel::file(Timer& timer, uint64_t tick) noexcept {
    tick = std::max(tick, tick_);
    timer.filed_tick_ = tick;
    const uint64_t distance = tick - tick_;
    unsigned level = 0;
    while (level + 1 < levels && distance >> (level_bits * (level + 1)) != 0) ++level;
    if (distance >> (level_bits * levels) != 0) tick = tick_ + (uint64_t{1} << (level_bits * levels)) - 1;

    const auto index = static_cast<unsigned>(tick >> (level_bits * level)) % slots;
    Timer*& slot = wheel_[level][index];
    timer.wheel_ = this;
    timer.next_ = slot;
    timer.slot_ = &slot;
    if (slot != nullptr) slot->slot_ = &timer.next_;
    slot = &timer;
    occupied_[level][index / 64] |= uint64_t{1} << (index % 64);
    ++armed_;
}

void TimerWheel::unlink(Timer& timer) noexcept {
    *timer.slot_ = timer.next_;
    if (timer.next_ != nullptr) timer.next_->slot_ = timer.slot_;
    timer.wheel_ = nullptr;
    timer.next_ = nullptr;
    timer.slot_ = nullptr;
    --armed_;
}

// The wheel of `level` has come to a new slot: its timers are near enough for a finer level.
void TimerWheel::cascade(unsigned level) {
    const auto index = static_cast<unsigned>(tick_ >> (level_bits * level)) % slots;
    Timer* timer = wheel_[level][index];
    occupied_[level][index / 64] &= ~(uint64_t{1} << (index % 64));
    while (timer != nullptr) {
        Timer* next = timer->next_;
        const uint64_t tick = std::max(tick_of(timer->deadline_), tick_);
        unlink(*timer);
        file(*timer, tick);
        timer = next;
    }
    if (index == 0 && level + 1 < levels) cascade(level + 1);
}

void TimerWheel::expire(Timer*& slot, Monotonic now) {
    // The list is taken as a whole: a timer armed by a handler for this very tick belongs to the next call.
    Timer* due = slot;
    slot = nullptr;
    if (due != nullptr) due->slot_ = &due;
    while (due != nullptr) {
        Timer& timer = *due;
        unlink(timer);
        if (timer.deadline_ > now) {
            file(timer, tick_of(timer.deadline_));
            continue;
        }
        timer.on_timer();
    }
}

// How many ticks from the current one to the next slot of the finest level that may hold timers, or to the end of that
// level's turn, where the coarser levels cascade.
unsigned TimerWheel::ticks_to_next_slot() const noexcept {
    const auto begin = static_cast<unsigned>(tick_ % slots);
    for (unsigned index = begin; index < slots; index += 64 - index % 64) {
        const uint64_t word = occupied_[0][index / 64] >> (index % 64);
        if (word != 0) return index + static_cast<unsigned>(std::countr_zero(word)) - begin;
    }
    return slots - begin;
}

void TimerWheel::advance(Monotonic now) {
    const auto target = static_cast<uint64_t>(now > origin_ ? (now - origin_) / tick_length : 0);
    if (armed_ == 0) {
        tick_ = std::max(tick_, target);
        return;
    }
    while (tick_ <= target) {
        const unsigned skip = ticks_to_next_slot();
        if (tick_ + skip > target) {
            tick_ = target + 1;
            if (tick_ % slots == 0) cascade(1);
            return;
        }
        tick_ += skip;
        if (tick_ % slots == 0 && skip != 0) {
            cascade(1);
            continue;
        }
        // What is armed from here on for the current tick goes to the next one, which this loop reaches or leaves.
        const auto index = static_cast<unsigned>(tick_ % slots);
        occupied_[0][index / 64] &= ~(uint64_t{1} << (index % 64));
        ++tick_;
        if (tick_ % slots == 0) cascade(1);
        expire(wheel_[0][index], now);
    }
}

Duration TimerWheel::until_next(Monotonic now) const noexcept {
    if (armed_ == 0) return Duration::max();
    const Monotonic due = origin_ + tick_length * static_cast<int64_t>(tick_ + ticks_to_next_slot());
    return std::max(due - now, Duration::zero());
}

}  // namespace seki
