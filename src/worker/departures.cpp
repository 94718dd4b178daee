#include "worker/departures.h"

#include <algorithm>
#include <fcntl.h>
#include <openssl/crypto.h>
#include <utility>

#include "config/convert.h"
#include "proxy/tunnel_move.h"
#include "worker/moving_tunnel.h"

namespace seki::worker {

namespace {

IdleClient described(const net::Session& session, proxy::ClientSide& client, Monotonic now) {
    IdleClient described;
    described.set_type(type_of(*client.listener()));
    *described.mutable_listener() = config::to_wire(client.listener()->address);
    *described.mutable_peer() = config::to_wire(session.peer());
    described.set_ulid_high(session.ulid().high);
    described.set_ulid_low(session.ulid().low);
    described.set_requests(client.requests());
    described.set_cluster(client.source_limits().cluster_key());
    const auto since = client.idle_since(session);
    const Duration idle = since ? now - *since : Duration::zero();
    described.set_idle_us(static_cast<uint64_t>(std::max(idle, Duration::zero()) / std::chrono::microseconds(1)));
    return described;
}

uint64_t number_of(net::SessionId id) { return id.packed(); }

void wipe(std::string& secret) {
    OPENSSL_cleanse(secret.data(), secret.size());
    secret.clear();
}

}  // namespace

Departures::Departures(const Surroundings& around, UniqueFd socket, std::function<void(const HandedOver&)> on_first,
                       std::function<void(const std::string& reason)> on_lost)
    : around_(around),
      channel_(around.loop, std::move(socket), command::Channel::Limits::between_workers(), *this),
      on_first_(std::move(on_first)),
      on_lost_(std::move(on_lost)) {
    around_.context.clients_at_rest = this;
    around_.loop.schedule(*this);
}

Departures::~Departures() {
    around_.loop.timers().cancel(*this);
    if (around_.context.clients_at_rest == this) around_.context.clients_at_rest = nullptr;
}

void Departures::at_rest(net::SessionId id) {
    if (id == looked_at_) return;
    resting_.push_back(id);
    around_.loop.schedule(*this);
}

void Departures::in_tunnel(net::SessionId id) {
    resting_.push_back(id);
    around_.loop.schedule(*this);
}

void Departures::drain() {
    draining_ = true;
    walking_ = true;
    place_ = 0;
    around_.loop.schedule(*this);
}

// ---- giving

void Departures::run() {
    if (!channel_.is_open()) return;
    if (walking_) walk_on();
    for (uint32_t given = 0; given < slice && !resting_.empty() && given_.size() < most_given; ++given) {
        const net::SessionId id = resting_.front();
        resting_.pop_front();
        give(id);
        if (!channel_.is_open()) return;
    }
    const bool more = walking_ || (!resting_.empty() && given_.size() < most_given);
    if (more) return around_.loop.schedule(*this);
    if (resting_.empty() && given_.empty()) tell_first();
}

void Departures::walk_on() {
    place_ = around_.sessions.for_some(place_, slice, [this](net::Session& session) {
        if (session.side() == net::Session::Side::client) resting_.push_back(session.id());
    });
    walking_ = place_ != 0;
}

void Departures::give(net::SessionId id) {
    net::Session* const session = around_.sessions.find(id);
    if (session == nullptr || session->closing()) return;
    auto* client = dynamic_cast<proxy::ClientSide*>(session->protocol());
    if (client != nullptr && client->tunnel() != nullptr) return give_tunnel(id, *client);
    // Whose request has arrived meanwhile is served here first.
    looked_at_ = id;
    session->look();
    looked_at_ = {};
    if (session->closing()) return;
    client = dynamic_cast<proxy::ClientSide*>(session->protocol());
    if (client == nullptr || !client->at_rest()) return;
    if (staying_.contains(number_of(id)) || !client->stands_alone()) return cannot_move(*session);
    auto exported = session->transport().to_export();
    if (!exported) return cannot_move(*session);
    UniqueFd copy(::fcntl(exported->fd, F_DUPFD_CLOEXEC, 0));
    if (copy.valid()) {
        RestingClient resting{described(*session, *client, around_.loop.now()), client->listener(), nullptr,
                              std::move(client->source_limits())};
        resting.transport = session->release().transport;
        send(std::move(resting), std::move(copy), exported->beside);
    } else {
        cannot_move(*session);
    }
    wipe(exported->beside);
}

void Departures::send(RestingClient client, UniqueFd copy, const std::string& secrets) {
    Moved moved;
    moved.set_id(++last_);
    moved.set_descriptors(1);
    *moved.mutable_idle_client() = client.about;
    if (!secrets.empty()) moved.mutable_idle_client()->set_tls(secrets);
    std::vector<UniqueFd> fds;
    fds.push_back(std::move(copy));
    send(moved, std::move(fds), std::move(client));
    if (!secrets.empty()) wipe(*moved.mutable_idle_client()->mutable_tls());
}

void Departures::give_tunnel(net::SessionId id, proxy::ClientSide& client) {
    proxy::TunnelMove tunnel(*client.tunnel());
    if (staying_.contains(number_of(id)) || !tunnel.may_move()) return;
    auto told = tell(tunnel, client.source_limits().cluster_key(), around_.loop.now());
    if (!told) return;
    tunnel.freeze();
    Moved moved;
    moved.set_id(++last_);
    moved.set_descriptors(static_cast<uint32_t>(told->fds.size()));
    *moved.mutable_tunnel() = std::move(told->about);
    send(moved, std::move(told->fds), id);
    wipe(*moved.mutable_tunnel());
}

void Departures::send(const Moved& moved, std::vector<UniqueFd> fds, Given given) {
    given_.emplace(moved.id(), std::move(given));
    if (auto sent = channel_.send(moved, std::move(fds)); !sent) return lose(sent.error().message);
    if (!armed()) around_.loop.timers().arm(*this, around_.loop.now() + patience);
}

void Departures::cannot_move(net::Session& session) {
    if (draining_) session.close(net::CloseManner::now, net::CloseReason::stopping);
}

// ---- answers

void Departures::on_frame(std::string_view payload) {
    Taken taken;
    if (!taken.ParseFromArray(payload.data(), static_cast<int>(payload.size())))
        return lose("its answer cannot be read");
    auto given = given_.extract(taken.id());
    if (given.empty()) return lose("it took what nobody gave it");
    if (taken.has_refused()) {
        keep(std::move(given.mapped()));
    } else {
        let_go(std::move(given.mapped()));
        ++moved_;
        Yours yours;
        yours.set_id(taken.id());
        if (auto sent = channel_.send(yours); !sent) return lose(sent.error().message);
    }
    around_.loop.timers().cancel(*this);
    if (!given_.empty()) around_.loop.timers().arm(*this, around_.loop.now() + patience);
    around_.loop.schedule(*this);
}

void Departures::keep(Given given) {
    if (const auto* const tunnel = std::get_if<net::SessionId>(&given)) {
        staying_.insert(number_of(*tunnel));
        return tunnel_at(around_.sessions, *tunnel).thaw();
    }
    const net::SessionId id = around_.go_on(std::get<RestingClient>(std::move(given)));
    if (!id.valid()) return;
    staying_.insert(number_of(id));
    if (draining_) at_rest(id);
}

void Departures::let_go(Given given) {
    if (const auto* const tunnel = std::get_if<net::SessionId>(&given)) tunnel_at(around_.sessions, *tunnel).leave();
}

// Nobody is to be asked any more. What is on its way he drops, for it was not said to be his.
void Departures::lose(const std::string& reason) {
    around_.loop.timers().cancel(*this);
    channel_.close();
    around_.context.clients_at_rest = nullptr;
    for (auto& [id, client] : std::exchange(given_, {})) keep(std::move(client));
    tell_first();
    if (on_lost_) std::exchange(on_lost_, nullptr)(reason);
}

void Departures::tell_first() {
    if (!on_first_) return;
    HandedOver figures;
    figures.set_moved(moved_);
    figures.set_staying(around_.sessions.clients());
    std::exchange(on_first_, nullptr)(figures);
}

}  // namespace seki::worker
