// Of TunnelTaker: a tunnel of another worker goes on here.

#include <algorithm>
#include <utility>

#include "config/convert.h"
#include "config/listener_key.h"
#include "proxy/backend_side.h"
#include "proxy/exchange.h"
#include "proxy/first_protocol.h"
#include "proxy/raw_codec.h"
#include "tls/transport.h"
#include "worker/moving_tunnel.h"

namespace seki::worker {

namespace {

using std::chrono::microseconds;

// A field that this version does not know may be what matters.
bool all_known(const Tunnel& told) {
    const bool tags_known =
        std::ranges::all_of(told.story().tag_list(), [](const Tag& tag) { return tag.unknown_fields().empty(); });
    return told.unknown_fields().empty() && told.client().unknown_fields().empty() &&
           told.backend().unknown_fields().empty() && told.story().unknown_fields().empty() && tags_known;
}

Monotonic ago(Monotonic now, uint64_t us) { return now - microseconds(us); }

net::Session::Carried carried_of(const TunnelEnd& told) {
    return {{told.ulid_high(), told.ulid_low()},
            told.bytes_read(),
            told.bytes_written(),
            told.read_closed(),
            told.output_ended(),
            told.shutting_down()};
}

// The pipes that come behind the two connections.
Result<> take_pipe(const TunnelEnd& told, std::vector<UniqueFd>& fds, net::PipePool& pool,
                   proxy::TunnelMove::Told::Flow& flow) {
    flow.ended = told.ended();
    if (told.piped() == 0) return {};
    flow.pipe = pool.adopt(std::move(fds[2]), std::move(fds[3]));
    fds.erase(fds.begin() + 2, fds.begin() + 4);
    flow.piped = told.piped();
    if (!flow.pipe) return failure("what comes as a pipe is none");
    return {};
}

void give_back(net::PipePool& pool, std::array<proxy::TunnelMove::Told::Flow, 2>& flows) {
    for (auto& flow : flows) {
        if (flow.pipe) pool.discard(std::move(*flow.pipe));
    }
}

}  // namespace

// ---- what it goes on under

backend::BackendPtr RemovedBackends::find(const Tunnel& told) {
    const SocketAddress address = config::checked_address(told.backend_address());
    const std::string key = told.cluster_id() + '\n' + told.backend_id() + '\n' + address.text();
    const auto found = backends_.find(key);
    auto backend = found != backends_.end() ? found->second.lock() : nullptr;
    if (backend != nullptr) return backend;
    absl::erase_if(backends_, [](const auto& one) { return one.second.expired(); });
    backend = std::make_shared<backend::Backend>();
    backend->cluster_id = told.cluster_id();
    backend->id = told.backend_id();
    backend->address = address;
    backend->address_text = address.text();
    backend->unix_path = told.backend_unix_path();
    backend->removed = true;
    backends_[key] = backend;
    return backend;
}

Result<proxy::ListenerPtr> TunnelTaker::listener_of(const Tunnel& told) const {
    const command::ListenerType type = told.type();
    const auto key = config::listener_key(&type, told.listener());
    if (!key) return std::unexpected(key.error());
    proxy::ListenerPtr listener = tables_.listener(*key);
    if (listener == nullptr) return failure("there is no listener {}", key->text());
    if ((listener->tls != nullptr) != told.client().has_tls()) return failure("the listener is of another kind");
    return listener;
}

// The frontend is only what the log says of it, unless it is still the listener's.
proxy::Route TunnelTaker::route_of(const Tunnel& told, const proxy::Listener& listener) const {
    proxy::Route route;
    route.frontend = listener.routes->tunnel;
    const bool as_before = route.frontend != nullptr && route.frontend->cluster != nullptr &&
                           route.frontend->cluster->id() == told.cluster_id() &&
                           route.frontend->tags == told.story().tags();
    if (!as_before) {
        auto made = std::make_shared<proxy::Frontend>();
        made->cluster = tables_.find_cluster(told.cluster_id());
        if (made->cluster == nullptr) {
            made->cluster = std::make_shared<proxy::Cluster>(told.cluster_id());
            made->cluster->backends.forget();
        }
        made->tags = told.story().tags();
        for (const Tag& tag : told.story().tag_list()) made->tag_list.emplace_back(tag.name(), tag.value());
        route.frontend = std::move(made);
    }
    route.cluster = route.frontend->cluster.get();
    route.policy = route.cluster->policy;
    route.own_timeouts = listener.timeouts;
    route.own_timeouts->tunnel = microseconds(told.timeout_us());
    return route;
}

proxy::Record TunnelTaker::record_of(const TunnelStory& told) const {
    const Monotonic now = context_.loop.now();
    proxy::Record record;
    record.request_id = {told.request_high(), told.request_low()};
    record.read_before = told.read_before();
    record.written_before = told.written_before();
    record.head_bytes = told.head_bytes();
    record.first_byte = ago(now, told.first_byte_us());
    record.began = ago(now, told.began_us());
    if (told.has_connecting_us()) record.connecting_at = ago(now, told.connecting_us());
    if (told.has_connected_us()) record.connected_at = ago(now, told.connected_us());
    if (told.has_answered_us()) record.answered_at = ago(now, told.answered_us());
    record.status = static_cast<uint16_t>(told.status());
    if (told.has_method()) {
        record.note_texts(context_.buffers,
                          {told.method(), told.authority(), told.path(), told.user_agent(), std::string_view()});
    }
    return record;
}

// ---- its two ends

Result<TunnelTaker::End> TunnelTaker::take_end(const TunnelEnd& told, UniqueFd socket) {
    End end;
    const auto peer = config::from_wire(told.peer());
    if (!peer) return std::unexpected(peer.error());
    end.peer = *peer;
    end.carried = carried_of(told);
    end.transport = std::make_unique<net::PlainTransport>(std::move(socket));
    if (told.has_tls()) {
        auto secured = tls::TlsTransport::adopt(std::move(end.transport), tls_, told.tls());
        if (!secured) return std::unexpected(secured.error());
        end.secured = &(*secured)->info();
        end.transport = std::move(*secured);
    }
    if (told.unsent().size() > context_.buffers.buffer_size()) return failure("more waits than a buffer has room for");
    if (told.unread().empty()) return end;
    if (told.unread().size() <= context_.buffers.small_size()) end.unread = context_.buffers.acquire_small();
    if (end.unread == nullptr) end.unread = context_.buffers.try_acquire();
    if (end.unread == nullptr || end.unread->capacity() < told.unread().size())
        return failure("there is no buffer for what waits");
    end.unread->append(told.unread());
    return end;
}

net::Session& TunnelTaker::open(net::Session::Side side, const TunnelEnd& told, End& end) {
    net::Session& session = *context_.sessions.open(side, std::move(end.transport), end.peer, true);
    session.unread() = std::move(end.unread);
    if (told.unsent().empty()) return session;
    session.unsent() = context_.buffers.acquire();
    session.unsent()->append(told.unsent());
    return session;
}

Result<net::SessionId> TunnelTaker::take(const Tunnel& told, std::vector<UniqueFd> fds) {
    if (!all_known(told)) return failure("it is of another version");
    if (const auto address = config::from_wire(told.backend_address()); !address)
        return std::unexpected(address.error());
    auto listener = listener_of(told);
    if (!listener) return std::unexpected(listener.error());
    const size_t pipes = (told.client().piped() > 0 ? 1U : 0U) + (told.backend().piped() > 0 ? 1U : 0U);
    if (fds.size() != 2 + 2 * pipes) return failure("too many descriptors are open");
    auto client = take_end(told.client(), std::move(fds[0]));
    if (!client) return std::unexpected(client.error());
    auto backend = take_end(told.backend(), std::move(fds[1]));
    if (!backend) return std::unexpected(backend.error());
    if (context_.sessions.size() + 2 > context_.sessions.capacity() || !context_.has_room_for_exchange())
        return failure("there is no room");
    proxy::TunnelMove::Told goes_on;
    auto piped = take_pipe(told.client(), fds, context_.pipes, goes_on.flows[0]);
    if (piped) piped = take_pipe(told.backend(), fds, context_.pipes, goes_on.flows[1]);
    if (!piped) {
        give_back(context_.pipes, goes_on.flows);
        return std::unexpected(piped.error());
    }
    goes_on.route = route_of(told, **listener);
    const auto& cluster = *goes_on.route.cluster;
    goes_on.backend = cluster.backends.find(told.backend_id(), config::checked_address(told.backend_address()));
    if (goes_on.backend == nullptr) goes_on.backend = removed_.find(told);
    goes_on.record = record_of(told.story());
    goes_on.idle = microseconds(told.idle_us());
    goes_on.listener = *listener;
    return begin(told, *client, *backend, std::move(goes_on));
}

net::SessionId TunnelTaker::begin(const Tunnel& told, End& client, End& backend, proxy::TunnelMove::Told goes_on) {
    const Duration back_timeout = goes_on.route.own_timeouts->back;
    proxy::Exchange& exchange = *context_.open_exchange();
    net::Session& to_client = open(net::Session::Side::client, told.client(), client);
    net::Session& to_backend = open(net::Session::Side::backend, told.backend(), backend);
    auto client_side = proxy::protocol_in_tunnel(to_client, context_, goes_on.listener, client.secured);
    auto backend_side = std::make_unique<proxy::BackendSide>(to_backend, context_, goes_on.backend,
                                                             std::make_unique<proxy::RawClientCodec>(), back_timeout);
    proxy::SourceLimits limits(told.counted_for());
    const auto counted = tables_.find_cluster_by_key(told.counted_for());
    if (counted != nullptr) limits.count_afterwards(context_, *counted, client.peer);
    client_side->go_on_in_tunnel(exchange, std::move(limits));
    backend_side->go_on_in_tunnel(exchange, back_timeout);
    proxy::ClientSide& side_of_client = *client_side;
    proxy::BackendSide& side_of_backend = *backend_side;
    to_client.start_frozen(std::move(client_side), client.carried);
    to_backend.start_frozen(std::move(backend_side), backend.carried);
    proxy::TunnelMove(exchange).go_on(side_of_client, side_of_backend, std::move(goes_on));
    return to_client.id();
}

}  // namespace seki::worker
