#pragma once

// Time is a parameter. Everything that needs the time gets a Clock; only the loop reads the real one, once per turn, so
// that all that happens in a turn happens at the same time. Tests turn a FakeClock by hand.

#include <chrono>

namespace seki {

using Duration = std::chrono::nanoseconds;
using Monotonic = std::chrono::time_point<std::chrono::steady_clock, Duration>;  // for deadlines and durations
using WallTime = std::chrono::time_point<std::chrono::system_clock, Duration>;   // for logs and ids

class Clock {
public:
    virtual ~Clock() = default;
    [[nodiscard]] virtual Monotonic monotonic() const = 0;
    [[nodiscard]] virtual WallTime wall() const = 0;
};

class SystemClock final : public Clock {
public:
    [[nodiscard]] Monotonic monotonic() const override { return std::chrono::steady_clock::now(); }
    [[nodiscard]] WallTime wall() const override { return std::chrono::system_clock::now(); }
};

class FakeClock final : public Clock {
public:
    [[nodiscard]] Monotonic monotonic() const override { return monotonic_; }
    [[nodiscard]] WallTime wall() const override { return wall_; }
    void advance(Duration by) {
        monotonic_ += by;
        wall_ += by;
    }

private:
    Monotonic monotonic_{std::chrono::hours(1)};
    WallTime wall_{std::chrono::seconds(1'700'000'000)};
};

}  // namespace seki
