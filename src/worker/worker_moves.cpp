// Of Worker: connections that go to another worker, and those that come.

#include <algorithm>
#include <utility>

#include "config/convert.h"
#include "proxy/first_protocol.h"
#include "tls/transport.h"
#include "worker/worker.h"

namespace seki::worker {

namespace {

Result<ListenerKey> key_of(const IdleClient& client) {
    const command::ListenerType type = client.type();
    return config::listener_key(&type, client.listener());
}

}  // namespace

// ---- that go

Result<> Worker::hand_over(uint64_t order, std::vector<UniqueFd> socket) {
    if (departures_ != nullptr) return failure("it gives its connections to another worker already");
    if (socket.size() != 1) return failure("no socket came: too many descriptors are open");
    const Departures::Surroundings around{around_.loop, sessions_, context_,
                                          [this](Departures::Kept kept) { return go_on(std::move(kept)); }};
    departures_ = std::make_unique<Departures>(
        around, std::move(socket.front()),
        [this, order](const HandedOver& figures) {
            seki::worker::Report report;
            report.set_id(order);
            *report.mutable_handed_over() = figures;
            report_(report);
        },
        [this] { successor_lost(); });
    return {};
}

// What would have gone there ends here.
void Worker::successor_lost() {
    around_.loop.deferred_delete(std::move(departures_));
    if (state_ == State::draining) end_connections();
}

net::SessionId Worker::go_on(Departures::Kept kept) { return go_on(kept.client, std::move(kept.transport)); }

// ---- that come

Result<> Worker::take_over(std::vector<UniqueFd> socket) {
    if (socket.size() != 1) return failure("no socket came: too many descriptors are open");
    Arrivals::Taker taker;
    taker.take = [this](const IdleClient& client, UniqueFd fd, size_t waiting) {
        return transport_of(client, std::move(fd), waiting);
    };
    taker.go_on = [this](Arrivals::Arrival arrival) { go_on(arrival.client, std::move(arrival.transport)); };
    taker.on_end = [this](Arrivals& over) {
        const auto found = std::ranges::find(arrivals_, &over, &std::unique_ptr<Arrivals>::get);
        around_.loop.deferred_delete(std::move(*found));
        arrivals_.erase(found);
    };
    arrivals_.push_back(std::make_unique<Arrivals>(around_.loop, std::move(socket.front()), std::move(taker)));
    return {};
}

Result<std::unique_ptr<net::Transport>> Worker::transport_of(const IdleClient& client, UniqueFd socket,
                                                             size_t waiting) {
    const auto key = key_of(client);
    if (!key) return std::unexpected(key.error());
    const proxy::ListenerPtr listener = tables_.listener(*key);
    if (listener == nullptr) return failure("there is no listener {}", key->text());
    if ((listener->tls != nullptr) != client.has_tls()) return failure("the listener is of another kind");
    if (state_ != State::serving || sessions_.clients() + waiting >= max_clients_) return failure("there is no room");
    auto plain = std::make_unique<net::PlainTransport>(std::move(socket));
    if (!client.has_tls()) return plain;
    auto secured = tls::TlsTransport::adopt(std::move(plain), around_.tls, client.tls());
    if (!secured) return std::unexpected(secured.error());
    return std::move(*secured);
}

// ---- either

// Invalid: there is no place for it, and it is closed.
net::SessionId Worker::go_on(const IdleClient& client, std::unique_ptr<net::Transport> transport) {
    const auto key = key_of(client);
    const auto peer = config::from_wire(client.peer());
    proxy::ListenerPtr listener = key ? tables_.listener(*key) : nullptr;
    if (listener == nullptr || !peer) return {};
    const auto* const secured = dynamic_cast<const tls::TlsTransport*>(transport.get());
    const tls::ConnectionInfo* const info = secured != nullptr ? &secured->info() : nullptr;
    net::Session* session = sessions_.open(net::Session::Side::client, std::move(transport), *peer, true);
    if (session == nullptr) return {};
    session->go_on_as({client.ulid_high(), client.ulid_low()});
    const Duration idle = std::chrono::microseconds(client.idle_us());
    session->start(proxy::protocol_at_rest(*session, context_, std::move(listener), info, client.requests(), idle));
    return session->id();
}

}  // namespace seki::worker
