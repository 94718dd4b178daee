#pragma once

// The connections of a worker to its backends on which a request may begin, shared by all clients: those that serve
// requests already and have streams left, and idle ones. Of formats with one stream only idle ones have any. The first
// kind is taken first, for it surely is alive; then the one that went idle last, which is the most likely to be, and
// the others may time out. All are watched by their own sessions, which take them out when the backend ends them, when
// time runs out, or when they have no stream left.

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

    // A connection with a stream left: one that was offered, or an idle one, which is idle no more. Null when there is
    // none, or none that would have stayed idle until `until`.
    [[nodiscard]] net::Session* take(Backend& backend, Monotonic until = {});
    // When the one that has been idle longest would end; nothing when there is none.
    [[nodiscard]] std::optional<Monotonic> first_end(const Backend& backend) const;
    // False when the limits have no room for it, or the backend is not used any more: the caller closes it.
    [[nodiscard]] bool put(Backend& backend, net::Session& session);
    // It serves requests and has streams left: it may be taken, any number of times, until it is removed. It does not
    // count, for it is not idle; false only when the backend is not used any more.
    [[nodiscard]] bool offer(Backend& backend, net::Session& session);
    // The same as put() for one that belongs to a client: nobody can take it. It does not count, for it is the one that
    // each client may have; false only when the backend is not used any more.
    [[nodiscard]] bool own(Backend& backend, net::Session& session);
    // From now on it does: its client has another one. False when the limits have no room for it.
    [[nodiscard]] bool make_room_for(Backend& backend, net::SessionId id);
    // A connection that was put here ended, or its owner wants it.
    void remove(Backend& backend, net::SessionId id);
    // Ends all idle connections of a backend that is not wanted any more, and lets no more requests begin on others.
    void close_idle(Backend& backend);
    // Connections are made in another way from now on: ends the idle ones, and none of the others is idle any more.
    void renew(Backend& backend) {
        ++backend.generation;
        close_idle(backend);
    }

    [[nodiscard]] uint32_t size() const noexcept { return size_; }

private:
    [[nodiscard]] static bool unused(const Backend& backend) noexcept;

    net::Sessions& sessions_;
    Limits limits_;
    uint32_t size_ = 0;
};

}  // namespace seki::backend
