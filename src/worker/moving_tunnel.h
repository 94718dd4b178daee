#pragma once

// A tunnel as it is told to the worker that is to go on with it (worker.proto, Tunnel), and what that one makes of it.
// It goes on under what it began with: where a change has removed the cluster or the backend meanwhile, under what is
// told of them.

#include <absl/container/flat_hash_map.h>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/unique_fd.h"
#include "proxy/client_side.h"
#include "proxy/context.h"
#include "proxy/tunnel_move.h"
#include "worker.pb.h"
#include "worker/tables.h"

namespace seki::tls {
class Engine;
}

namespace seki::worker {

[[nodiscard]] command::ListenerType type_of(const proxy::Listener& listener);

// ---- who gives it

struct ToldTunnel {
    Tunnel about;               // with its secrets: wipe()
    std::vector<UniqueFd> fds;  // copies
};
// Of a tunnel that may move (TunnelMove) and does nothing meanwhile. Nothing: for now it cannot be left to anybody,
// since a transport has more than can be told, or too many descriptors are open.
[[nodiscard]] std::optional<ToldTunnel> tell(const proxy::TunnelMove& tunnel, uint64_t counted_for, Monotonic now);
void wipe(Tunnel& told);
// The frozen tunnel of this client.
[[nodiscard]] proxy::TunnelMove tunnel_at(net::Sessions& sessions, net::SessionId client);

// ---- who takes it

// Backends that tunnels of other workers lead to, and that changes removed before the tunnels came.
class RemovedBackends {
public:
    // One that all such tunnels share.
    backend::BackendPtr find(const Tunnel& told);

private:
    absl::flat_hash_map<std::string, std::weak_ptr<backend::Backend>> backends_;
};

class TunnelTaker {
public:
    TunnelTaker(proxy::Context& context, const Tables& tables, tls::Engine& tls) noexcept
        : context_(context), tables_(tables), tls_(tls) {}

    // The client's session of a tunnel that is ready to go on, frozen still; or why it is not taken.
    Result<net::SessionId> take(const Tunnel& told, std::vector<UniqueFd> fds);

private:
    // What one end goes on with.
    struct End {
        SocketAddress peer;
        net::Session::Carried carried;
        std::unique_ptr<net::Transport> transport;
        const tls::ConnectionInfo* secured = nullptr;  // of the transport
        net::BufferPtr unread;
    };
    Result<proxy::ListenerPtr> listener_of(const Tunnel& told) const;
    Result<End> take_end(const TunnelEnd& told, UniqueFd socket);
    [[nodiscard]] proxy::Route route_of(const Tunnel& told, const proxy::Listener& listener) const;
    [[nodiscard]] proxy::Record record_of(const TunnelStory& told) const;
    net::SessionId begin(const Tunnel& told, End& client, End& backend, proxy::TunnelMove::Told goes_on);
    net::Session& open(net::Session::Side side, const TunnelEnd& told, End& end);

    proxy::Context& context_;
    const Tables& tables_;
    tls::Engine& tls_;
    RemovedBackends removed_;
};

}  // namespace seki::worker
