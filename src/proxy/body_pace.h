#pragma once

// Whether a client keeps up with its own request body. Every byte buys time at the rate that is asked for, and a few
// seconds can be saved up, so that a pause is no crime but a trickle ends.

#include <algorithm>
#include <cstdint>

#include "base/clock.h"

namespace seki::proxy {

class BodyPace {
public:
    static constexpr Duration grace = std::chrono::seconds(5);

    void begin(Monotonic now, uint32_t bytes_per_second) noexcept {
        bytes_per_second_ = bytes_per_second;
        due_ = now + grace;
    }
    [[nodiscard]] bool limited() const noexcept { return bytes_per_second_ > 0; }
    void received(Monotonic now, uint64_t bytes) noexcept {
        // What more bytes than a whole grace would buy is lost anyway.
        const uint64_t counted = std::min<uint64_t>(bytes, 5ULL * bytes_per_second_);
        due_ += std::chrono::nanoseconds(counted * 1'000'000'000 / bytes_per_second_);
        due_ = std::min(due_, now + grace);
    }
    // It is not the client that is waited for.
    void restart(Monotonic now) noexcept { due_ = now + grace; }
    [[nodiscard]] Monotonic due() const noexcept { return due_; }

private:
    uint32_t bytes_per_second_ = 0;
    Monotonic due_{};
};

}  // namespace seki::proxy
