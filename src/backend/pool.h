#pragma once

// The idle connections of a worker to its backends, shared by all clients. The one that went idle last is taken first:
// it is the most likely to be alive, and the others may time out. Idle connections are watched by their own sessions,
// which take them out when the backend ends them or time runs out.

#include <cstdint>
#include <optional>

#include "backend/backend.h"
#include "net/session.h"

namespace seki::backend {

class Pool {
public:
    struct Limits {
        uint32_t idle_per_backend = 64;
        uint32_t idle_total = 1024;
    };

    Pool(net::Sessions& sessions, const Limits& limits) noexcept : sessions_(sessions), limits_(limits) {}

    // An idle connection, which is idle no more; null when there is none that would have stayed so until `until`.
    [[nodiscard]] net::Session* take(Backend& backend, Monotonic until = {});
    // When the one that has been idle longest would end; nothing when there is none.
    [[nodiscard]] std::optional<Monotonic> first_end(const Backend& backend) const;
    // False when the limits have no room for it, or the backend is not used any more: the caller closes it.
    [[nodiscard]] bool put(Backend& backend, net::Session& session);
    // The same for one that belongs to a client: nobody can take it. It does not count, for it is the one that each
    // client may have; false only when the backend is not used any more.
    [[nodiscard]] bool own(Backend& backend, net::Session& session);
    // From now on it does: its client has another one. False when the limits have no room for it.
    [[nodiscard]] bool make_room_for(Backend& backend, net::SessionId id);
    // A connection that was put here ended, or its owner wants it.
    void remove(Backend& backend, net::SessionId id);
    // Ends all idle connections of a backend that is not wanted any more.
    void close_idle(Backend& backend);

    [[nodiscard]] uint32_t size() const noexcept { return size_; }

private:
    [[nodiscard]] static bool unused(const Backend& backend) noexcept;

    net::Sessions& sessions_;
    Limits limits_;
    uint32_t size_ = 0;
};

}  // namespace seki::backend
