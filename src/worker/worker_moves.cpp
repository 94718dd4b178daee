// Of Worker: connections that go to another worker, and those that come.

#include <algorithm>
#include <utility>

#include "config/convert.h"
#include "proxy/first_protocol.h"
#include "worker/moved.h"
#include "worker/worker.h"

namespace seki::worker {

namespace {

Result<ListenerKey> key_of(const IdleClient& client) {
    const command::ListenerType type = client.type();
    return config::listener_key(&type, client.listener());
}

// Among those of its source, whatever that comes to: it was let in. What is counted already is not counted again.
void count(RestingClient& client, proxy::Context& context, const Tables& tables) {
    const auto cluster = tables.find_cluster_by_key(client.source_limits.cluster_key());
    if (cluster == nullptr) return;
    client.source_limits.count_afterwards(context, *cluster, config::checked_address(client.about.peer()));
}

}  // namespace

// ---- that go

Result<> Worker::hand_over(uint64_t order, const HandOver& asked, std::vector<UniqueFd> socket) {
    if (socket.size() != 1) return failure("no socket came: too many descriptors are open");
    if (departures_ != nullptr) {
        departures_->end("another worker takes them");
        around_.loop.deferred_delete(std::move(departures_));
    }
    const Departures::Surroundings around{around_.loop, sessions_, context_,
                                          [this](RestingClient client) { return go_on(std::move(client)); }};
    departures_ = std::make_unique<Departures>(
        around, std::move(socket.front()), asked.most(),
        [this, order, some = asked.has_most()](const HandedOver& figures) {
            seki::worker::Report report;
            report.set_id(order);
            *report.mutable_handed_over() = figures;
            report_(report);
            if (!some || departures_ == nullptr) return;
            departures_->end("it has got as many as it was to get");
            around_.loop.deferred_delete(std::move(departures_));
        },
        [this](const std::string& reason) { successor_lost(reason); });
    if (state_ == State::draining) departures_->drain();
    return {};
}

// What would have gone there ends here.
void Worker::successor_lost(const std::string& reason) {
    around_.log.warn(observe::Module::worker, "clients do not move to the next worker any more: {}", reason);
    around_.loop.deferred_delete(std::move(departures_));
    if (state_ == State::draining) end_connections();
}

// ---- that come

Result<> Worker::take_over(std::vector<UniqueFd> socket) {
    if (socket.size() != 1) return failure("no socket came: too many descriptors are open");
    Arrivals::Taker taker;
    taker.take = [this](const IdleClient& client, const std::string& secrets, UniqueFd fd, size_t waiting) {
        return take(client, secrets, std::move(fd), waiting);
    };
    taker.go_on = [this](RestingClient client) { go_on(std::move(client)); };
    taker.take_exchange = [this](const MovedExchange& told, std::vector<UniqueFd> fds, size_t waiting) {
        return take_exchange(told, std::move(fds), waiting);
    };
    taker.go_on_with = [this](net::SessionId exchange) {
        exchange_at(sessions_, exchange).thaw();
        if (departures_ != nullptr) departures_->in_tunnel(exchange);
    };
    taker.drop = [this](net::SessionId exchange) { exchange_at(sessions_, exchange).leave(); };
    taker.on_end = [this](const Arrivals& over, const std::string& reason, size_t dropped) {
        arrivals_ended(over, reason, dropped);
    };
    arrivals_.push_back(std::make_unique<Arrivals>(around_.loop, std::move(socket.front()), std::move(taker)));
    return {};
}

void Worker::arrivals_ended(const Arrivals& arrivals, const std::string& reason, size_t dropped) {
    if (dropped != 0) {
        around_.log.warn(observe::Module::worker, "{} clients that another worker was giving are not taken: {}",
                         dropped, reason);
    }
    const auto found = std::ranges::find(arrivals_, &arrivals, &std::unique_ptr<Arrivals>::get);
    around_.loop.deferred_delete(std::move(*found));
    arrivals_.erase(found);
}

Result<RestingClient> Worker::take(const IdleClient& about, const std::string& secrets, UniqueFd socket,
                                   size_t waiting) {
    const auto key = key_of(about);
    if (!key) return std::unexpected(key.error());
    if (const auto peer = config::from_wire(about.peer()); !peer) return std::unexpected(peer.error());
    proxy::ListenerPtr listener = tables_.listener(*key);
    if (listener == nullptr) return failure("there is no listener {}", key->text());
    const bool of_http = listener->kind == proxy::Listener::Kind::http;
    if ((listener->tls != nullptr) == secrets.empty() || !of_http) return failure("the listener is of another kind");
    if (!has_room_beside(waiting)) return failure("there is no room");
    auto transport = moved_transport(std::move(socket), around_.tls, tls::Role::server, secrets);
    if (!transport) return std::unexpected(transport.error());
    RestingClient taken{about, std::move(listener), std::move(*transport), proxy::SourceLimits(about.cluster())};
    count(taken, context_, tables_);
    return taken;
}

Result<net::SessionId> Worker::take_exchange(const MovedExchange& told, std::vector<UniqueFd> fds, size_t waiting) {
    if (!has_room_beside(waiting)) return failure("there is no room");
    auto taken = exchange_taker_.take(told, std::move(fds));
    rest_when_full();
    return taken;
}

// ---- either

// Invalid: there is no place for it, and it is closed. A limit may have been set while it was on its way.
net::SessionId Worker::go_on(RestingClient client) {
    count(client, context_, tables_);
    const IdleClient& about = client.about;
    const tls::ConnectionInfo* const info = secured_by(*client.transport);
    net::Session* session = sessions_.open(net::Session::Side::client, std::move(client.transport),
                                           config::checked_address(about.peer()), true);
    if (session == nullptr) {
        around_.log.warn(observe::Module::worker, "a client at rest is closed: there is no room for it");
        return {};
    }
    session->go_on_as({about.ulid_high(), about.ulid_low()});
    proxy::ClientSide::SoFar so_far{about.requests(), duration_of(about.idle_us()), std::move(client.source_limits)};
    session->start(proxy::protocol_at_rest(*session, context_, std::move(client.listener), info, std::move(so_far)));
    rest_when_full();
    return session->id();
}

}  // namespace seki::worker
