#pragma once

// The backends of a cluster by their positions, and which of them may be chosen now: those that are ready, do not fail
// and were not tried yet; of those that are no backups, or of those that are.

#include <algorithm>
#include <cstddef>
#include <span>

#include "backend/backend.h"
#include "base/clock.h"

namespace seki::backend {

class Candidates {
public:
    Candidates(std::span<const BackendPtr> all, std::span<const BackendPtr> tried, Monotonic now) noexcept
        : all_(all), tried_(tried), now_(now) {}
    void turn_to_backups() noexcept { backups_ = true; }

    // How many there are, usable or not.
    [[nodiscard]] size_t size() const noexcept { return all_.size(); }
    [[nodiscard]] std::span<const BackendPtr> all() const noexcept { return all_; }
    [[nodiscard]] const Backend& operator[](size_t at) const noexcept { return *all_[at]; }

    [[nodiscard]] bool usable(size_t at) const noexcept {
        const Backend& backend = *all_[at];
        return backend.backup == backups_ && backend.backoff.up(now_) && open(at);
    }
    // Whether nothing but its failures, or being a backup, speaks against it.
    [[nodiscard]] bool open(size_t at) const noexcept {
        return all_[at]->state == State::ready && std::ranges::find(tried_, all_[at]) == tried_.end();
    }

private:
    std::span<const BackendPtr> all_;
    std::span<const BackendPtr> tried_;
    Monotonic now_;
    bool backups_ = false;
};

}  // namespace seki::backend
