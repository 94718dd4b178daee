#include "backend/cluster.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "base/check.h"

namespace seki::backend {

namespace {

auto same_place(std::string_view id, const SocketAddress& address) {
    return [id, &address](const BackendPtr& other) { return other->id == id && other->address == address; };
}

// Whether it may be chosen for a client that is bound to none.
bool is_candidate(std::span<const BackendPtr> tried, const BackendPtr& backend) {
    return backend->state == State::ready && std::find(tried.begin(), tried.end(), backend) == tried.end();
}

uint64_t load_of(const Backend& backend, LoadMetric metric) noexcept {
    // One more would come.
    switch (metric) {
        case LoadMetric::connections:
            return backend.connections - backend.idle.size() + 1;
        case LoadMetric::requests:
            return uint64_t{backend.exchanges} + 1;
        case LoadMetric::connection_time:
            break;
    }
    const auto us = static_cast<uint64_t>(backend.connect_time.average() / std::chrono::microseconds(1));
    return std::clamp<uint64_t>(us, 1, UINT32_MAX) * (uint64_t{backend.exchanges} + 1);
}

}  // namespace

BackendPtr Cluster::put(BackendPtr backend) {
    SEKI_CHECK(backend->weight > 0);
    if (const BackendPtr known = find(backend->id, backend->address)) {
        known->cookie = std::move(backend->cookie);
        known->weight = backend->weight;
        known->state = backend->state;
        known->backup = backend->backup;
        backend = known;
    } else {
        backends_.push_back(backend);
    }
    deal_credits();
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
    deal_credits();
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
    for (const BackendPtr& backend : backends_) backend->credit = backend->weight / divisor;
}

// ---- choosing

struct Cluster::Search {
    Monotonic now;
    std::span<const BackendPtr> tried;
    bool backups;

    [[nodiscard]] bool finds(const BackendPtr& backend) const {
        return backend->backup == backups && backend->backoff.up(now) && is_candidate(tried, backend);
    }
};

BackendPtr Cluster::next(Monotonic now, std::span<const BackendPtr> tried, Random& random) {
    if (BackendPtr chosen = choose({now, tried, false}, random)) return chosen;
    if (BackendPtr chosen = choose({now, tried, true}, random)) return chosen;
    return last_resort(tried);
}

BackendPtr Cluster::choose(const Search& search, Random& random) {
    switch (balancing_.algorithm) {
        case Algorithm::round_robin:
            return take_turn(search);
        case Algorithm::random:
            return draw(search, random);
        case Algorithm::least_loaded:
            return least_loaded(search);
        case Algorithm::power_of_two:
            return less_loaded_of_two(search, random);
    }
    return nullptr;
}

BackendPtr Cluster::take_turn(const Search& search) {
    const size_t count = backends_.size();
    // Two rounds: credits may run out in the middle of the first.
    for (size_t step = 0; step < 2 * count; ++step) {
        if (step == count) deal_credits();
        if (cursor_ >= count) cursor_ = 0;
        const BackendPtr& candidate = backends_[cursor_++];
        if (candidate->credit == 0 || !search.finds(candidate)) continue;
        --candidate->credit;
        return candidate;
    }
    return nullptr;
}

BackendPtr Cluster::draw(const Search& search, Random& random) const {
    uint32_t total = 0;
    for (const BackendPtr& backend : backends_) {
        if (search.finds(backend)) total += backend->weight;
    }
    if (total == 0) return nullptr;
    uint32_t at = random.below(total);
    for (const BackendPtr& backend : backends_) {
        if (!search.finds(backend)) continue;
        if (at < backend->weight) return backend;
        at -= backend->weight;
    }
    return nullptr;
}

// Whether a has less to do than b, for what it can do.
bool Cluster::lighter(const Backend& a, const Backend& b) const noexcept {
    return load_of(a, balancing_.metric) * b.weight < load_of(b, balancing_.metric) * a.weight;
}

// Of those that have equally little to do, the next in turn.
BackendPtr Cluster::least_loaded(const Search& search) {
    const size_t count = backends_.size();
    size_t found = count;
    for (size_t step = 0; step < count; ++step) {
        const size_t at = (cursor_ + step) % count;
        if (!search.finds(backends_[at])) continue;
        if (found == count || lighter(*backends_[at], *backends_[found])) found = at;
    }
    if (found == count) return nullptr;
    cursor_ = found + 1;
    return backends_[found];
}

BackendPtr Cluster::less_loaded_of_two(const Search& search, Random& random) const {
    const auto usable = static_cast<uint32_t>(
        std::ranges::count_if(backends_, [&](const BackendPtr& backend) { return search.finds(backend); }));
    if (usable == 0) return nullptr;
    const uint32_t first = random.below(usable);
    // Another one, if there is any: those behind the first move up.
    uint32_t second = usable > 1 ? random.below(usable - 1) : first;
    if (usable > 1 && second >= first) ++second;
    BackendPtr chosen;
    uint32_t number = 0;
    for (const BackendPtr& backend : backends_) {
        if (!search.finds(backend)) continue;
        if (number == first || number == second) {
            if (chosen == nullptr || lighter(*backend, *chosen)) chosen = backend;
        }
        ++number;
    }
    return chosen;
}

BackendPtr Cluster::last_resort(std::span<const BackendPtr> tried) const {
    BackendPtr chosen;
    for (const BackendPtr& candidate : backends_) {
        if (!is_candidate(tried, candidate)) continue;
        if (chosen == nullptr || candidate->backoff.until() < chosen->backoff.until()) chosen = candidate;
    }
    return chosen;
}

}  // namespace seki::backend
