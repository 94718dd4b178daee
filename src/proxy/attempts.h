#pragma once

// The attempts at backends for one request, or one tunnel, until one of them answers:
//
//     whose turn it is    the backend that the client's cookie names, or where it has a connection of its own, else the
//                         next of the cluster; none that failed already
//     by which connection the client's own, an idle one of the pool, or a new one: idle ones only where it does no harm
//                         if the backend is just ending them
//     whether again       as long as what is lost with a connection cannot have changed anything

#include <cstdint>
#include <expected>
#include <optional>
#include <string_view>
#include <vector>

#include "backend/backend.h"
#include "base/clock.h"
#include "net/connector.h"

namespace seki::proxy {

class BackendEnd;
class Client;
class Context;
class Exchange;
struct BackendLoss;
struct Cluster;
struct Record;
struct Route;
struct Timeouts;

class Attempts {
public:
    // Who wants a connection, and where to.
    struct AttemptContext {
        Context& context;
        Exchange& exchange;  // gets the connection
        Client& client;
        const Route& route;  // has a cluster
        const Timeouts& timeouts;
        Record& record;
    };

    // ---- what is carried

    void carry_tunnel() noexcept { tunnel_ = true; }
    // `held`: it is short enough to be held until its answer begins.
    void carry_request(bool idempotent, bool held) noexcept {
        idempotent_ = idempotent;
        repeatable_ = idempotent && held;
    }
    // A message of a handshake that authenticates the connection: it means something on one only.
    void carry_handshake() noexcept { idempotent_ = repeatable_ = false; }
    // Whether what serves the request belongs to its client from then on.
    void bind(bool binds) noexcept { binds_ = binds; }

    // What another worker needs to know that goes on with it at the chosen backend. The backends that failed are as
    // good as any there.
    struct Carried {
        uint8_t failed = 0;
        bool idempotent = false;
        bool repeatable = false;
        bool binds = false;
        bool fresh_only = false;
    };
    [[nodiscard]] Carried carried() const noexcept { return {failed_, idempotent_, repeatable_, binds_, fresh_only_}; }
    void go_on_at(backend::BackendPtr backend, const Carried& carried) noexcept {
        chosen_ = std::move(backend);
        failed_ = carried.failed;
        idempotent_ = carried.idempotent;
        repeatable_ = carried.repeatable;
        binds_ = carried.binds;
        fresh_only_ = carried.fresh_only;
    }

    // ---- the attempts

    // A connection to the next backend in turn, which has the exchange from here on; null after everything was tried.
    BackendEnd* connect(const AttemptContext& attempt);
    // A new connection stands, after so long a time.
    void connected(Context& context, Cluster& cluster, Duration took);
    // The connection is lost. What that says of its backend is kept in mind, and told.
    void lost(Context& context, const Route& route, const BackendLoss& loss);
    // Whether there may be another attempt after that, as no byte of an answer has come.
    [[nodiscard]] bool may_retry(const BackendLoss& loss) const noexcept;
    // There is another one.
    void begin_retry(const BackendLoss& loss);

    // The backend whose turn it is, or was last; null: none.
    [[nodiscard]] const backend::BackendPtr& chosen() const noexcept { return chosen_; }
    [[nodiscard]] unsigned failed() const noexcept { return failed_; }

private:
    [[nodiscard]] backend::BackendPtr next_backend(const AttemptContext& attempt) const;
    [[nodiscard]] BackendEnd* own_connection(const AttemptContext& attempt) const;
    BackendEnd* take_own(const AttemptContext& attempt) const;
    // Until when at least an idle connection would have to stay idle, for the request to be given it; nothing when it
    // is given none that others have used.
    [[nodiscard]] std::optional<Monotonic> fit_for_idle(const AttemptContext& attempt) const;
    BackendEnd* take_idle(const AttemptContext& attempt) const;
    [[nodiscard]] std::expected<net::Connection, net::ConnectFailure> connection(const AttemptContext& attempt) const;
    BackendEnd* dial(const AttemptContext& attempt);
    // Of the chosen backend.
    void note_failure(Context& context, Cluster& cluster, std::string_view why) const;

    backend::BackendPtr chosen_;
    std::vector<backend::BackendPtr> tried_;  // and not to be tried again
    uint8_t failed_ = 0;                      // attempts, with them
    uint8_t most_ = UINT8_MAX;                // of them, as the cluster has it
    bool tunnel_ = false;
    bool idempotent_ = true;
    bool repeatable_ = true;
    bool binds_ = false;
    bool fresh_only_ = false;  // idle connections failed us already
};

}  // namespace seki::proxy
