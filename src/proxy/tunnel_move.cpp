#include "proxy/tunnel_move.h"

#include <algorithm>
#include <utility>

#include "proxy/backend_side.h"
#include "proxy/client_side.h"
#include "proxy/deferred_answer.h"
#include "proxy/exchange.h"
#include "proxy/raw_codec.h"

namespace seki::proxy {

namespace {

constexpr std::array both{Direction::request, Direction::response};

bool fit_to_move(const net::Session& session) noexcept {
    return session.connected() && !session.closing() && !session.frozen() && !session.write_failed();
}

}  // namespace

bool TunnelMove::may_move() const noexcept {
    const Exchange& e = exchange_;
    if (!e.tunnel() || e.client_ == nullptr || e.backend_ == nullptr) return false;
    if (e.client_->shared() || e.backend_->shared() || e.deferred_ != nullptr) return false;
    return fit_to_move(e.client_->session()) && fit_to_move(e.backend_->session());
}

void TunnelMove::freeze() {
    for (const Direction direction : both) end(direction).freeze();
}

// Both before either runs.
void TunnelMove::thaw() {
    for (const Direction direction : both) end(direction).thaw();
}

void TunnelMove::leave() {
    Exchange& e = exchange_;
    net::Session& client = end(Direction::request);
    net::Session& backend = end(Direction::response);
    static_cast<ClientSide&>(*std::exchange(e.client_, nullptr)).leave_tunnel();
    static_cast<BackendSide&>(*e.give_up_backend()).leave_tunnel();
    e.enter(Exchange::State::retired);
    e.count_tunnel(-1);
    client.depart();
    backend.depart();
    e.context_.retire(e, true);
}

// ---- what there is to know of it

const Listener& TunnelMove::listener() const noexcept { return *exchange_.listener_; }
const Route& TunnelMove::route() const noexcept { return exchange_.route_; }
const backend::Backend& TunnelMove::backend() const noexcept { return *exchange_.attempts_.chosen(); }
const Record& TunnelMove::record() const noexcept { return exchange_.record_; }

net::Session& TunnelMove::end(Direction source) const noexcept { return exchange_.source(source)->session(); }

Duration TunnelMove::timeout() const noexcept { return exchange_.timeouts().of_tunnel(); }

Duration TunnelMove::idle() const noexcept {
    return std::max(exchange_.context_.loop.now() - exchange_.client_activity_, Duration::zero());
}

bool TunnelMove::ended(Direction direction) const noexcept { return exchange_.ended_[Exchange::index(direction)]; }

const net::SpliceTransfer* TunnelMove::pipe(Direction direction) const noexcept {
    const auto& splice = exchange_.splices_[Exchange::index(direction)];
    return splice && splice->held() > 0 ? &*splice : nullptr;
}

// ---- what it goes on with

void TunnelMove::go_on(ClientSide& client, BackendSide& backend, Told told) {
    Exchange& e = exchange_;
    e.mode_ = Exchange::Mode::tunnel;
    e.client_ = &client;
    e.backend_ = &backend;
    e.client_stream_ = e.backend_stream_ = RawServerCodec::stream;
    e.listener_ = std::move(told.listener);
    e.route_ = std::move(told.route);
    e.attempts_.carry_tunnel();
    e.attempts_.go_on_at(std::move(told.backend));
    e.record_ = std::move(told.record);
    e.record_.go_on(e.context_, client.session(), client.secured());
    for (const Direction direction : both) {
        const size_t at = Exchange::index(direction);
        Told::Flow& flow = told.flows[at];
        e.ended_[at] = flow.ended;
        if (flow.ended) static_cast<void>(e.source(direction)->codec().next_at_end_of_input());
        if (flow.pipe) e.splices_[at].emplace(e.context_.pipes, std::move(*flow.pipe), flow.piped);
    }
    const bool of_tcp = e.listener_->kind == Listener::Kind::tcp;
    e.enter(of_tcp ? Exchange::State::waiting : Exchange::State::answering);
    e.count_tunnel(1);
    e.client_activity_ = e.backend_activity_ = e.context_.loop.now() - told.idle;
    client.due(e.client_activity_ + timeout());
}

}  // namespace seki::proxy
