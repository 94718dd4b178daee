#pragma once

// The backend with the least load of all; of those that have equally little, the next in turn.

#include "backend/balancing/balancing.h"
#include "backend/balancing/load.h"

namespace seki::backend {

class LeastLoaded final : public Balancing {
public:
    explicit LeastLoaded(LoadMetric metric) noexcept : metric_(metric) {}

    std::optional<size_t> choose(const Candidates& candidates, uint64_t /*key*/, Random& /*random*/) override {
        const size_t count = candidates.size();
        std::optional<size_t> found;
        for (size_t step = 0; step < count; ++step) {
            const size_t at = (cursor_ + step) % count;
            if (!candidates.usable(at)) continue;
            if (!found || lighter(candidates[at], candidates[*found], metric_)) found = at;
        }
        if (found) cursor_ = *found + 1;
        return found;
    }

private:
    LoadMetric metric_;
    size_t cursor_ = 0;
};

}  // namespace seki::backend
