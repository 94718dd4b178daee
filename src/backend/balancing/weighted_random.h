#pragma once

// At random: each backend's chance is its part of all weights.

#include "backend/balancing/balancing.h"

namespace seki::backend {

class WeightedRandom final : public Balancing {
public:
    std::optional<size_t> choose(const Candidates& candidates, uint64_t /*key*/, Random& random) override {
        uint32_t total = 0;
        for (size_t at = 0; at < candidates.size(); ++at) {
            if (candidates.usable(at)) total += candidates[at].weight;
        }
        if (total == 0) return std::nullopt;
        uint32_t drawn = random.below(total);
        for (size_t at = 0; at < candidates.size(); ++at) {
            if (!candidates.usable(at)) continue;
            if (drawn < candidates[at].weight) return at;
            drawn -= candidates[at].weight;
        }
        return std::nullopt;
    }
};

}  // namespace seki::backend
