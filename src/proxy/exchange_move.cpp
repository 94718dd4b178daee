#include "proxy/exchange_move.h"

#include <algorithm>
#include <utility>

#include "http/h1/client_codec.h"
#include "http/h1/server_codec.h"
#include "proxy/backend_side.h"
#include "proxy/client_side.h"
#include "proxy/deferred_answer.h"
#include "proxy/exchange.h"
#include "proxy/kept_head.h"
#include "proxy/raw_codec.h"

namespace seki::proxy {

namespace {

constexpr std::array both{Direction::request, Direction::response};

bool fit_to_move(Side& side) noexcept {
    const net::Session& session = side.session();
    return !side.shared() && session.connected() && !session.closing() && !session.frozen() && !session.write_failed();
}

}  // namespace

bool ExchangeMove::may_move() const noexcept {
    const Exchange& e = exchange_;
    if (e.client_ == nullptr || !fit_to_move(*e.client_)) return false;
    if (e.backend_ != nullptr && !fit_to_move(*e.backend_)) return false;
    if (e.deferred_ != nullptr || e.deferred_request_ != nullptr) return false;
    return e.tunnel() ? e.backend_ != nullptr : request_may_move();
}

bool ExchangeMove::request_may_move() const noexcept {
    using State = Exchange::State;
    const Exchange& e = exchange_;
    const bool served = e.backend_ != nullptr && (e.state_ == State::waiting || e.state_ == State::answering);
    const bool drains = e.backend_ == nullptr && e.state_ == State::draining && !e.record_.own_answer;
    if (!served && !drains) return false;
    // Those belong to the client, and would have to go with it.
    if (e.client_->own().idle(e.context_) != nullptr) return false;
    return e.context_.loop.now() - e.record_.began >= worthwhile && place(Direction::request) &&
           (drains || place(Direction::response));
}

void ExchangeMove::freeze() {
    for (const Direction direction : both) {
        if (net::Session* const session = end(direction)) session->freeze();
    }
}

// Both before either runs.
void ExchangeMove::thaw() {
    for (const Direction direction : both) {
        if (net::Session* const session = end(direction)) session->thaw();
    }
}

void ExchangeMove::leave() {
    Exchange& e = exchange_;
    net::Session* const client = end(Direction::request);
    net::Session* const backend = end(Direction::response);
    static_cast<ClientSide&>(*std::exchange(e.client_, nullptr)).leave_exchange();
    if (BackendEnd* const side = e.give_up_backend()) static_cast<BackendSide&>(*side).leave_exchange();
    e.enter(Exchange::State::retired);
    if (e.tunnel()) e.count_tunnel(-1);
    client->depart();
    if (backend != nullptr) backend->depart();
    e.context_.retire(e, true);
}

// ---- what there is to know of it

const Listener& ExchangeMove::listener() const noexcept { return *exchange_.listener_; }
const Route& ExchangeMove::route() const noexcept { return exchange_.route_; }
const Timeouts& ExchangeMove::timeouts() const noexcept { return exchange_.timeouts(); }
const backend::Backend& ExchangeMove::backend() const noexcept { return *exchange_.attempts_.chosen(); }
const Record& ExchangeMove::record() const noexcept { return exchange_.record_; }

const ClientSide& ExchangeMove::client_side() const noexcept {
    return static_cast<const ClientSide&>(*exchange_.client_);
}

const BackendSide* ExchangeMove::backend_side() const noexcept {
    return static_cast<const BackendSide*>(exchange_.backend_);
}

net::Session* ExchangeMove::end(Direction source) const noexcept {
    Side* const side = exchange_.source(source);
    return side != nullptr ? &side->session() : nullptr;
}

Duration ExchangeMove::idle(Direction source) const noexcept {
    const Exchange& e = exchange_;
    const Monotonic since = source == Direction::request ? e.client_activity_ : e.backend_activity_;
    return std::max(e.context_.loop.now() - since, Duration::zero());
}

bool ExchangeMove::ended(Direction direction) const noexcept { return exchange_.ended_[Exchange::index(direction)]; }

const net::SpliceTransfer* ExchangeMove::pipe(Direction direction) const noexcept {
    const auto& splice = exchange_.splices_[Exchange::index(direction)];
    return splice && splice->held() > 0 ? &*splice : nullptr;
}

std::optional<http::h1::Progress> ExchangeMove::place(Direction source) const noexcept {
    const Side* const side = exchange_.source(source);
    if (side == nullptr) return std::nullopt;
    if (const auto* codec = dynamic_cast<const http::h1::ServerCodec*>(&side->codec())) return codec->progress();
    if (const auto* codec = dynamic_cast<const http::h1::ClientCodec*>(&side->codec())) return codec->progress();
    return std::nullopt;
}

std::optional<ExchangeMove::Request> ExchangeMove::request() const noexcept {
    using State = Exchange::State;
    const Exchange& e = exchange_;
    if (e.tunnel()) return std::nullopt;
    const auto stage = e.state_ == State::waiting     ? Request::Stage::waiting
                       : e.state_ == State::answering ? Request::Stage::answering
                                                      : Request::Stage::draining;
    return Request{stage, e.upgrade_asked_, e.awaits_continue_, e.request_bytes_, e.attempts_.carried()};
}

// ---- what it goes on with

void ExchangeMove::go_on(ClientSide& client, BackendSide* backend, Told told) {
    Exchange& e = exchange_;
    e.client_ = &client;
    e.backend_ = backend;
    e.client_stream_ = e.backend_stream_ = RawServerCodec::stream;
    e.listener_ = std::move(told.listener);
    e.route_ = std::move(told.route);
    e.attempts_.go_on_at(std::move(told.backend), told.request ? told.request->attempts : Attempts::Carried{});
    e.record_ = std::move(told.record);
    e.record_.go_on(e.context_, client.session(), client.secured());
    for (const Direction direction : both) {
        const size_t at = Exchange::index(direction);
        Told::Flow& flow = told.flows[at];
        e.ended_[at] = flow.ended;
        if (flow.pipe) e.splices_[at].emplace(e.context_.pipes, std::move(*flow.pipe), flow.piped);
    }
    const Monotonic now = e.context_.loop.now();
    e.client_activity_ = now - told.flows[0].idle;
    e.backend_activity_ = now - told.flows[1].idle;
    told.request ? go_on_with(*told.request) : go_on_with_tunnel();
    client.due(e.idle_until(now).value_or(now));
}

void ExchangeMove::go_on_with_tunnel() {
    Exchange& e = exchange_;
    e.mode_ = Exchange::Mode::tunnel;
    e.attempts_.carry_tunnel();
    for (const Direction direction : both) {
        if (ended(direction)) static_cast<void>(e.source(direction)->codec().next_at_end_of_input());
    }
    const bool of_tcp = e.listener_->kind == Listener::Kind::tcp;
    e.enter(of_tcp ? Exchange::State::waiting : Exchange::State::answering);
    e.count_tunnel(1);
}

void ExchangeMove::go_on_with(const Request& request) {
    Exchange& e = exchange_;
    e.upgrade_asked_ = request.upgrade_asked;
    e.awaits_continue_ = request.awaits_continue;
    e.request_bytes_ = request.request_bytes;
    e.enter(Exchange::State::waiting);
    if (request.stage != Request::Stage::waiting) e.enter(Exchange::State::answering);
    if (request.stage == Request::Stage::draining) e.enter(Exchange::State::draining);
    if (!ended(Direction::request) && !e.awaits_continue_) e.begin_pace();
}

}  // namespace seki::proxy
