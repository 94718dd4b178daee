#include "backend/pool.h"

#include <algorithm>
#include <utility>

#include "base/check.h"

namespace seki::backend {

bool Pool::unused(const Backend& backend) noexcept { return backend.removed || backend.state == State::maintenance; }

net::Session* Pool::take(Backend& backend, Monotonic until) {
    if (!backend.shared.empty()) return sessions_.find(backend.shared.back());
    if (backend.idle.empty()) return nullptr;
    net::Session* session = sessions_.find(backend.idle.back());
    // remove() is called for whatever ends, so what is here lives.
    SEKI_CHECK(session != nullptr);
    if (session->Timer::deadline() < until) return nullptr;
    backend.idle.pop_back();
    --size_;
    return session;
}

std::optional<Monotonic> Pool::first_end(const Backend& backend) const {
    if (backend.idle.empty()) return std::nullopt;
    return sessions_.find(backend.idle.front())->Timer::deadline();
}

bool Pool::put(Backend& backend, net::Session& session) {
    if (unused(backend) || backend.idle.size() >= limits_.idle_per_backend || size_ >= limits_.idle_total) return false;
    backend.idle.push_back(session.id());
    ++size_;
    return true;
}

bool Pool::offer(Backend& backend, net::Session& session) {
    if (unused(backend)) return false;
    backend.shared.push_back(session.id());
    return true;
}

bool Pool::own(Backend& backend, net::Session& session) {
    if (unused(backend)) return false;
    backend.owned.emplace(session.id().packed(), false);
    return true;
}

bool Pool::make_room_for(Backend& backend, net::SessionId id) {
    const auto owned = backend.owned.find(id.packed());
    SEKI_CHECK(owned != backend.owned.end());
    if (owned->second) return true;
    if (size_ >= limits_.idle_total) return false;
    owned->second = true;
    ++size_;
    return true;
}

void Pool::remove(Backend& backend, net::SessionId id) {
    if (const auto found = std::ranges::find(backend.idle, id); found != backend.idle.end()) {
        backend.idle.erase(found);
        --size_;
        return;
    }
    if (std::erase(backend.shared, id) > 0) return;
    const auto owned = backend.owned.find(id.packed());
    if (owned == backend.owned.end()) return;
    if (owned->second) --size_;
    backend.owned.erase(owned);
}

void Pool::close_idle(Backend& backend) {
    backend.shared.clear();
    while (net::Session* session = take(backend)) session->close(net::CloseManner::now, net::CloseReason::stale);
    const auto owned = std::exchange(backend.owned, {});
    for (const auto& [packed, counted] : owned) {
        if (counted) --size_;
        sessions_.find(net::SessionId::unpack(packed))->close(net::CloseManner::now, net::CloseReason::stale);
    }
}

}  // namespace seki::backend
