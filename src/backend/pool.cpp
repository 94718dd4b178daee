#include "backend/pool.h"

#include <algorithm>

#include "base/check.h"

namespace seki::backend {

net::Session* Pool::take(Backend& backend) {
    if (backend.idle.empty()) return nullptr;
    net::Session* session = sessions_.find(backend.idle.back());
    // remove() is called for whatever ends, so what is here lives.
    SEKI_CHECK(session != nullptr);
    backend.idle.pop_back();
    --size_;
    return session;
}

bool Pool::put(Backend& backend, net::Session& session) {
    const bool unused = backend.removed || backend.state == State::maintenance;
    if (unused || backend.idle.size() >= limits_.idle_per_backend || size_ >= limits_.idle_total) return false;
    backend.idle.push_back(session.id());
    ++size_;
    return true;
}

void Pool::remove(Backend& backend, net::SessionId id) {
    const auto found = std::find(backend.idle.begin(), backend.idle.end(), id);
    if (found == backend.idle.end()) return;
    backend.idle.erase(found);
    --size_;
}

void Pool::close_idle(Backend& backend) {
    while (net::Session* session = take(backend)) session->close(net::CloseManner::now, net::CloseReason::stale);
}

}  // namespace seki::backend
