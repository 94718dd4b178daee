#pragma once

// In turn: in a round each backend is chosen as often as its weight is in proportion to the others', one after the
// other.

#include <numeric>
#include <vector>

#include "backend/balancing/balancing.h"

namespace seki::backend {

class RoundRobin final : public Balancing {
public:
    void changed(std::span<const BackendPtr> backends) override {
        credits_.resize(backends.size());
        deal(backends);
    }

    std::optional<size_t> choose(const Candidates& candidates, uint64_t /*key*/, Random& /*random*/) override {
        const size_t count = candidates.size();
        // Two rounds: credits may run out in the middle of the first.
        for (size_t step = 0; step < 2 * count; ++step) {
            if (step == count) deal(candidates.all());
            if (cursor_ >= count) cursor_ = 0;
            const size_t at = cursor_++;
            if (credits_[at] == 0 || !candidates.usable(at)) continue;
            --credits_[at];
            return at;
        }
        return std::nullopt;
    }

private:
    // A new round: to each its share, in the smallest whole numbers.
    void deal(std::span<const BackendPtr> backends) noexcept {
        uint32_t divisor = 0;
        for (const BackendPtr& backend : backends) divisor = std::gcd(divisor, backend->weight);
        for (size_t at = 0; at < backends.size(); ++at) credits_[at] = backends[at]->weight / divisor;
    }

    std::vector<uint32_t> credits_;  // how often each is still to be chosen in this round
    size_t cursor_ = 0;
};

}  // namespace seki::backend
