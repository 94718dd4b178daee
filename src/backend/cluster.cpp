#include "backend/cluster.h"

#include <algorithm>
#include <numeric>
#include <utility>

namespace seki::backend {

namespace {

auto same_place(std::string_view id, const SocketAddress& address) {
    return [id, &address](const BackendPtr& other) { return other->id == id && other->address == address; };
}

// Whether it may be chosen for a client that is bound to none.
bool is_candidate(std::span<const BackendPtr> tried, const BackendPtr& backend) {
    return backend->state == State::ready && std::find(tried.begin(), tried.end(), backend) == tried.end();
}

}  // namespace

BackendPtr Cluster::put(BackendPtr backend) {
    const auto old = std::find_if(backends_.begin(), backends_.end(), same_place(backend->id, backend->address));
    BackendPtr replaced;
    if (old == backends_.end()) {
        backends_.push_back(std::move(backend));
    } else {
        replaced = std::exchange(*old, std::move(backend));
        replaced->removed = true;
    }
    deal_credits();
    return replaced;
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

// A new round: to each its share, in the smallest whole numbers.
void Cluster::deal_credits() {
    uint32_t divisor = 0;
    for (const BackendPtr& backend : backends_) divisor = std::gcd(divisor, backend->weight);
    for (const BackendPtr& backend : backends_) backend->credit = divisor == 0 ? 1 : backend->weight / divisor;
}

BackendPtr Cluster::next(Monotonic now, std::span<const BackendPtr> tried) {
    const size_t count = backends_.size();
    // Two rounds: credits may run out in the middle of the first.
    for (size_t step = 0; step < 2 * count; ++step) {
        if (step == count) deal_credits();
        if (cursor_ >= count) cursor_ = 0;
        const BackendPtr& candidate = backends_[cursor_++];
        if (candidate->credit == 0 || !candidate->backoff.up(now) || !is_candidate(tried, candidate)) continue;
        --candidate->credit;
        return candidate;
    }
    BackendPtr last_resort;
    for (const BackendPtr& candidate : backends_) {
        if (candidate->weight == 0 || !is_candidate(tried, candidate)) continue;
        if (last_resort == nullptr || candidate->backoff.until() < last_resort->backoff.until())
            last_resort = candidate;
    }
    return last_resort;
}

}  // namespace seki::backend
