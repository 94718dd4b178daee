#include "worker/departures.h"

#include <fcntl.h>
#include <utility>

#include "config/convert.h"
#include "proxy/exchange_move.h"
#include "worker/moved.h"
#include "worker/moving_exchange.h"

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
    described.set_idle_us(micros(idle));
    return described;
}

uint64_t number_of(net::SessionId id) { return id.packed(); }

}  // namespace

Departures::Departures(const Surroundings& around, UniqueFd socket, uint32_t most,
                       std::function<void(const HandedOver&)> on_first,
                       std::function<void(const std::string& reason)> on_lost)
    : around_(around),
      channel_(around.loop, std::move(socket), command::Channel::Limits::between_workers(), *this),
      on_first_(std::move(on_first)),
      on_lost_(std::move(on_lost)),
      most_(most) {
    around_.context.clients_at_rest = this;
    around_.loop.schedule(*this);
}

Departures::~Departures() {
    around_.loop.timers().cancel(*this);
    around_.loop.timers().cancel(next_walk_);
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
    walk_again();
}

// Not before the last walk is worked off: a successor may be slow, and what waits for it is to be no more than there
// is.
void Departures::look_again() {
    if (resting_.empty()) return walk_again();
    around_.loop.timers().arm(next_walk_, around_.loop.now() + pause);
}

void Departures::walk_again() {
    walking_ = true;
    place_ = 0;
    around_.loop.schedule(*this);
}

// ---- giving

void Departures::run() {
    if (!channel_.is_open()) return;
    if (walking_) walk_on();
    for (uint32_t given = 0; given < slice && !resting_.empty() && given_.size() < most_given; ++given) {
        if (enough()) break;
        const net::SessionId id = resting_.front();
        resting_.pop_front();
        give(id);
        if (!channel_.is_open()) return;
    }
    const bool more = walking_ || (!resting_.empty() && given_.size() < most_given);
    if (more && !enough()) return around_.loop.schedule(*this);
    if ((resting_.empty() || enough()) && settled()) tell_first();
}

void Departures::walk_on() {
    place_ = around_.sessions.for_some(place_, slice, [this](net::Session& session) {
        if (session.side() == net::Session::Side::client) resting_.push_back(session.id());
    });
    walking_ = place_ != 0;
    if (!walking_) around_.loop.timers().arm(next_walk_, around_.loop.now() + pause);
}

void Departures::give(net::SessionId id) {
    net::Session* const session = around_.sessions.find(id);
    if (session == nullptr || session->closing()) return;
    auto* client = dynamic_cast<proxy::ClientSide*>(session->protocol());
    if (client != nullptr && client->exchange() != nullptr) return give_exchange(id, *client);
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
    // Without a descriptor to be had it waits for the next walk.
    if (UniqueFd copy(::fcntl(exported->fd, F_DUPFD_CLOEXEC, 0)); copy.valid()) {
        RestingClient resting{described(*session, *client, around_.loop.now()), client->listener(), nullptr,
                              std::move(client->source_limits())};
        resting.transport = session->release().transport;
        send(std::move(resting), std::move(copy), exported->beside);
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

void Departures::give_exchange(net::SessionId id, proxy::ClientSide& client) {
    proxy::ExchangeMove exchange(*client.exchange());
    if (staying_.contains(number_of(id)) || !exchange.may_move()) return;
    auto told = tell(exchange, client.source_limits().cluster_key(), around_.loop.now());
    if (!told) return;
    exchange.freeze();
    Moved moved;
    moved.set_id(++last_);
    moved.set_descriptors(static_cast<uint32_t>(told->fds.size()));
    *moved.mutable_exchange() = std::move(told->about);
    send(moved, std::move(told->fds), id);
    wipe(*moved.mutable_exchange());
}

// What is too much to be told of stays.
void Departures::send(const Moved& moved, std::vector<UniqueFd> fds, Given given) {
    if (auto sent = channel_.send(moved, std::move(fds)); !sent) return keep(std::move(given));
    given_.emplace(moved.id(), std::move(given));
    if (!armed()) await_answer();
}

void Departures::await_answer() {
    reminded_ = false;
    around_.loop.timers().arm(*this, around_.loop.now() + patience);
}

// The answer may have come while this worker itself stood still: it is read before the second time.
void Departures::on_timer() {
    if (reminded_) return lose("it does not answer");
    reminded_ = true;
    around_.loop.timers().arm(*this, around_.loop.now() + reminder);
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
    taken.has_refused() ? keep(std::move(given.mapped())) : say_yours(taken.id(), std::move(given.mapped()));
    if (!channel_.is_open()) return;
    around_.loop.timers().cancel(*this);
    if (!given_.empty()) await_answer();
    around_.loop.schedule(*this);
}

// Before that has left it is ours: nobody would have it when this worker, or the way there, ended now.
void Departures::say_yours(uint64_t id, Given given) {
    Yours yours;
    yours.set_id(id);
    const auto sent = channel_.send(yours);
    leaving_.push_back({channel_.queued_bytes(), std::move(given)});
    if (!sent) lose(sent.error().message);
}

void Departures::on_written() {
    while (!leaving_.empty() && leaving_.front().said_at <= channel_.written_bytes()) {
        let_go(std::move(leaving_.front().given));
        leaving_.pop_front();
        ++moved_;
    }
    if (leaving_.empty()) around_.loop.schedule(*this);
}

void Departures::keep(Given given) {
    if (const auto* const exchange = std::get_if<net::SessionId>(&given)) {
        staying_.insert(number_of(*exchange));
        return exchange_at(around_.sessions, *exchange).thaw();
    }
    const net::SessionId id = around_.go_on(std::get<RestingClient>(std::move(given)));
    if (!id.valid()) return;
    staying_.insert(number_of(id));
    if (draining_) at_rest(id);
}

void Departures::let_go(Given given) {
    if (const auto* const exchange = std::get_if<net::SessionId>(&given))
        exchange_at(around_.sessions, *exchange).leave();
}

// Nobody is to be asked any more. What is on its way he drops, for it was not said to be his.
void Departures::lose(const std::string& reason) {
    around_.loop.timers().cancel(*this);
    around_.loop.timers().cancel(next_walk_);
    channel_.flush();
    channel_.close();
    around_.context.clients_at_rest = nullptr;
    for (Leaving& said : std::exchange(leaving_, {})) keep(std::move(said.given));
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
