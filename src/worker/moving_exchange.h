#pragma once

// An exchange as it is told to the worker that is to go on with it (worker.proto, MovedExchange), and what that one
// makes of it. It goes on under what it began with: where a change has removed the cluster or the backend meanwhile,
// under what is told of them.

#include <absl/container/flat_hash_map.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "proxy/client_side.h"
#include "proxy/context.h"
#include "proxy/exchange_move.h"
#include "worker.pb.h"
#include "worker/tables.h"

namespace seki::tls {
class Engine;
}

namespace seki::worker {

[[nodiscard]] command::ListenerType type_of(const proxy::Listener& listener);

// ---- who gives it

struct ToldExchange {
    MovedExchange about;        // with its secrets: wipe()
    std::vector<UniqueFd> fds;  // copies
};
// Of one that may move (ExchangeMove) and does nothing meanwhile. Nothing: for now it cannot be left to anybody, since
// a transport has more than can be told, or too many descriptors are open.
[[nodiscard]] std::optional<ToldExchange> tell(const proxy::ExchangeMove& exchange, uint64_t counted_for,
                                               Monotonic now);
void wipe(MovedExchange& told);
// The frozen exchange of this client.
[[nodiscard]] proxy::ExchangeMove exchange_at(net::Sessions& sessions, net::SessionId client);

// ---- who takes it

// Backends that exchanges of other workers lead to, and that changes removed before these came.
class RemovedBackends {
public:
    // One that all such exchanges share.
    backend::BackendPtr find(const MovedExchange& told);

private:
    absl::flat_hash_map<std::string, std::weak_ptr<backend::Backend>> backends_;
};

class ExchangeTaker {
public:
    ExchangeTaker(proxy::Context& context, const Tables& tables, tls::Engine& tls) noexcept
        : context_(context), tables_(tables), tls_(tls) {}

    // The client's session of one that is ready to go on, frozen still; or why it is not taken.
    Result<net::SessionId> take(const MovedExchange& told, std::vector<UniqueFd> fds);

private:
    // What one end goes on with.
    struct End {
        SocketAddress peer;
        net::Session::Carried carried;
        std::unique_ptr<net::Transport> transport;
        const tls::ConnectionInfo* secured = nullptr;  // of the transport
        net::BufferPtr unread;
    };
    struct Codecs {
        std::unique_ptr<http::SingleStreamServerCodec> client;
        std::unique_ptr<http::ClientCodec> backend;
    };
    Result<proxy::ListenerPtr> listener_of(const MovedExchange& told) const;
    Result<End> take_end(const ExchangeEnd& told, UniqueFd socket, tls::Role role);
    Result<Codecs> codecs_of(const MovedExchange& told, const proxy::Listener& listener) const;
    [[nodiscard]] proxy::Route route_of(const MovedExchange& told, const proxy::Listener& listener) const;
    [[nodiscard]] proxy::Record record_of(const MovedExchange& told) const;
    void tell_on(const MovedExchange& told, const proxy::ListenerPtr& listener, proxy::ExchangeMove::Told& goes_on);
    net::SessionId begin(const MovedExchange& told, End& client, std::optional<End>& backend, Codecs codecs,
                         proxy::ExchangeMove::Told goes_on);
    proxy::BackendSide& begin(const MovedExchange& told, End& backend, std::unique_ptr<http::ClientCodec> codec,
                              proxy::Exchange& exchange, const proxy::ExchangeMove::Told& goes_on);
    net::Session& open(net::Session::Side side, const ExchangeEnd& told, End& end);

    proxy::Context& context_;
    const Tables& tables_;
    tls::Engine& tls_;
    RemovedBackends removed_;
};

}  // namespace seki::worker
