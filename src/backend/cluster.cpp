#include "backend/cluster.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace seki::backend {

namespace {

auto same_place(std::string_view id, const SocketAddress& address) {
    return [id, &address](const BackendPtr& other) { return other->id == id && other->address == address; };
}

// The ready one that failed longest ago, backup or not; null when none is ready.
BackendPtr last_resort(const Candidates& candidates) {
    BackendPtr chosen;
    for (size_t at = 0; at < candidates.size(); ++at) {
        if (!candidates.open(at)) continue;
        const BackendPtr& candidate = candidates.all()[at];
        if (chosen == nullptr || candidate->backoff.until() < chosen->backoff.until()) chosen = candidate;
    }
    return chosen;
}

}  // namespace

Cluster::Cluster(std::string id) : id_(std::move(id)), balancing_(choice_.algorithm->make(choice_.metric)) {}

BackendPtr Cluster::put(BackendPtr backend) {
    SEKI_CHECK(backend->weight > 0);
    if (const BackendPtr known = find(backend->id, backend->address)) {
        known->unix_path = std::move(backend->unix_path);
        known->cookie = std::move(backend->cookie);
        known->weight = backend->weight;
        known->state = backend->state;
        known->backup = backend->backup;
        backend = known;
    } else {
        backends_.push_back(backend);
    }
    balancing_->changed(backends_);
    return backend;
}

BackendPtr Cluster::find(std::string_view backend_id, const SocketAddress& address) const {
    const auto found = std::find_if(backends_.begin(), backends_.end(), same_place(backend_id, address));
    return found == backends_.end() ? nullptr : *found;
}

BackendPtr Cluster::remove(std::string_view backend_id, const SocketAddress& address) {
    const auto found = std::find_if(backends_.begin(), backends_.end(), same_place(backend_id, address));
    if (found == backends_.end()) return nullptr;
    BackendPtr removed = std::move(*found);
    removed->removed = true;
    backends_.erase(found);
    balancing_->changed(backends_);
    return removed;
}

bool Cluster::has(std::string_view backend_id) const noexcept {
    return std::ranges::any_of(backends_, [&](const BackendPtr& backend) { return backend->id == backend_id; });
}

BackendPtr Cluster::find_cookie(std::string_view cookie) const {
    const auto found = std::ranges::find_if(backends_, [&](const BackendPtr& backend) {
        return backend->cookie == cookie && backend->state != State::maintenance;
    });
    return found != backends_.end() ? *found : nullptr;
}

bool Cluster::lost_last(Monotonic now) noexcept {
    const auto works = [now](const BackendPtr& backend) {
        return backend->state == State::ready && backend->backoff.up(now);
    };
    return !std::ranges::any_of(backends_, works) && std::exchange(available_, false);
}

// ---- choosing

void Cluster::set_balancing(const BalancingChoice& choice) {
    if (choice == choice_) return;
    choice_ = choice;
    balancing_ = choice.algorithm->make(choice.metric);
    balancing_->changed(backends_);
}

BackendPtr Cluster::next(Monotonic now, std::span<const BackendPtr> tried, Random& random, uint64_t key) {
    Candidates candidates(backends_, tried, now);
    if (const auto at = balancing_->choose(candidates, key, random)) return backends_[*at];
    candidates.turn_to_backups();
    if (const auto at = balancing_->choose(candidates, key, random)) return backends_[*at];
    return last_resort(candidates);
}

}  // namespace seki::backend
