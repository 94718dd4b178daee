#pragma once

// The backend with less load of two that are drawn at random: nearly as even as the least loaded of all, but workers,
// which do not know of each other's requests, do not all run to the same one.

#include "backend/balancing/balancing.h"
#include "backend/balancing/load.h"

namespace seki::backend {

class PowerOfTwo final : public Balancing {
public:
    explicit PowerOfTwo(LoadMetric metric) noexcept : metric_(metric) {}

    std::optional<size_t> choose(const Candidates& candidates, uint64_t /*key*/, Random& random) override {
        uint32_t usable = 0;
        for (size_t at = 0; at < candidates.size(); ++at) usable += candidates.usable(at) ? 1 : 0;
        if (usable == 0) return std::nullopt;
        const uint32_t first = random.below(usable);
        // Another one, if there is any: those behind the first move up.
        uint32_t second = usable > 1 ? random.below(usable - 1) : first;
        if (usable > 1 && second >= first) ++second;
        size_t one = 0;
        size_t other = 0;
        uint32_t number = 0;
        for (size_t at = 0; at < candidates.size(); ++at) {
            if (!candidates.usable(at)) continue;
            if (number == first) one = at;
            if (number == second) other = at;
            ++number;
        }
        // Of equals the one that was drawn first, so that each gets as much as the others while there is little to do.
        return lighter(candidates[other], candidates[one], metric_) ? other : one;
    }

private:
    LoadMetric metric_;
};

}  // namespace seki::backend
