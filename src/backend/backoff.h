#pragma once

// How long a backend that failed is left alone: after the n-th failure in a row a random time between one second and
// 2^n seconds, at most 64; a success ends it. Random, so that the workers do not all come back at the same moment.

#include <algorithm>
#include <cstdint>

#include "base/clock.h"
#include "base/random.h"

namespace seki::backend {

class Backoff {
public:
    static constexpr uint32_t max_doublings = 6;

    // True when this failure took the backend out of service.
    bool failed(Monotonic now, Random& random) noexcept {
        failures_ = std::min(failures_ + 1, max_doublings);
        const uint32_t seconds = 1 + random.below(1U << failures_);
        const bool was_up = up(now);
        until_ = now + std::chrono::seconds(seconds);
        return was_up;
    }
    // True when it was failing before.
    bool succeeded() noexcept {
        if (failures_ == 0) return false;
        failures_ = 0;
        until_ = Monotonic{};
        return true;
    }
    [[nodiscard]] bool up(Monotonic now) const noexcept { return failures_ == 0 || now >= until_; }
    [[nodiscard]] Monotonic until() const noexcept { return until_; }

private:
    uint32_t failures_ = 0;
    Monotonic until_{};
};

}  // namespace seki::backend
