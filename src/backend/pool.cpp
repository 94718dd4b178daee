#include "backend/pool.h"

#include <algorithm>

#include "base/check.h"

namespace seki::backend {

bool Pool::unused(const Backend& backend) noexcept { return backend.removed || backend.state == State::maintenance; }

net::Session* Pool::take(Backend& backend, Monotonic until) {
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

bool Pool::own(Backend& backend, net::Session& session) {
    if (unused(backend)) return false;
    backend.owned.push_back({session.id(), false});
    return true;
}

bool Pool::make_room_for(Backend& backend, net::SessionId id) {
    const auto owned = std::ranges::find(backend.owned, id, &Backend::Owned::id);
    SEKI_CHECK(owned != backend.owned.end());
    if (owned->counted) return true;
    if (size_ >= limits_.idle_total) return false;
    owned->counted = true;
    ++size_;
    return true;
}

void Pool::remove(Backend& backend, net::SessionId id) {
    if (const auto found = std::ranges::find(backend.idle, id); found != backend.idle.end()) {
        backend.idle.erase(found);
        --size_;
        return;
    }
    const auto owned = std::ranges::find(backend.owned, id, &Backend::Owned::id);
    if (owned == backend.owned.end()) return;
    if (owned->counted) --size_;
    backend.owned.erase(owned);
}

void Pool::close_idle(Backend& backend) {
    while (net::Session* session = take(backend)) session->close(net::CloseManner::now, net::CloseReason::stale);
    while (!backend.owned.empty()) {
        const net::SessionId id = backend.owned.back().id;
        remove(backend, id);
        sessions_.find(id)->close(net::CloseManner::now, net::CloseReason::stale);
    }
}

}  // namespace seki::backend
