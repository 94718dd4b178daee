#pragma once

// In turn. Where weights differ, each backend is chosen as often as its weight is in proportion to the others', and its
// turns are spread among theirs: with 5, 1 and 1 it goes a a b a c a a, not a a a a a b c.

#include <algorithm>
#include <cstdint>
#include <vector>

#include "backend/balancing/balancing.h"

namespace seki::backend {

class RoundRobin final : public Balancing {
public:
    void changed(std::span<const BackendPtr> backends) override {
        const auto differs = [&](const BackendPtr& backend) { return backend->weight != backends.front()->weight; };
        weighted_ = std::ranges::any_of(backends, differs);
        credits_.assign(weighted_ ? backends.size() : 0, 0);
    }

    std::optional<size_t> choose(const Candidates& candidates, uint64_t /*key*/, Random& /*random*/) override {
        return weighted_ ? richest(candidates) : next(candidates);
    }

private:
    std::optional<size_t> next(const Candidates& candidates) noexcept {
        const size_t count = candidates.size();
        for (size_t step = 0; step < count; ++step) {
            if (cursor_ >= count) cursor_ = 0;
            const size_t at = cursor_++;
            if (candidates.usable(at)) return at;
        }
        return std::nullopt;
    }

    // Each earns its weight in every turn, and whoever has most pays what all have earned. What one could not spend,
    // because it was not usable, it did not earn either.
    std::optional<size_t> richest(const Candidates& candidates) noexcept {
        int64_t earned = 0;
        std::optional<size_t> found;
        for (size_t at = 0; at < candidates.size(); ++at) {
            if (!candidates.usable(at)) continue;
            credits_[at] += candidates[at].weight;
            earned += candidates[at].weight;
            if (!found || credits_[at] > credits_[*found]) found = at;
        }
        if (found) credits_[*found] -= earned;
        return found;
    }

    bool weighted_ = false;
    std::vector<int64_t> credits_;  // where weights differ
    size_t cursor_ = 0;             // where they do not
};

}  // namespace seki::backend
