#include "proxy/backend_side.h"

#include <utility>

#include "base/check.h"
#include "proxy/exchange.h"
#include "proxy/raw_codec.h"

namespace seki::proxy {

namespace {
constexpr http::StreamId only_stream = 1;
}

BackendSide::BackendSide(net::Session& session, Context& context, backend::BackendPtr backend,
                         std::unique_ptr<http::ClientCodec> codec, Duration connect_timeout)
    : BackendEnd(session, context, std::move(backend), std::move(codec)), state_(State::connecting) {
    ++backend_->connections;
    // Before the connection stands nothing is sent, and another one may get it.
    hold();
    session.deadline(context.loop.now() + connect_timeout);
}

BackendSide::~BackendSide() { SEKI_CHECK(exchange_ == nullptr); }

void BackendSide::enter(State next) {
    switch (next) {
        case State::connecting:
            SEKI_CHECK(false);
            break;
        case State::busy:
            SEKI_CHECK(state_ != State::busy);
            break;
        case State::idle:
            SEKI_CHECK(state_ == State::busy);
            break;
    }
    state_ = next;
}

// ---- for the exchange

bool BackendSide::silent() {
    SEKI_CHECK(state_ == State::idle);
    return !session_.readable() || nothing_waits();
}

void BackendSide::attach(Exchange& exchange, Duration answer_timeout) {
    SEKI_CHECK(exchange_ == nullptr);
    exchange_ = &exchange;
    answer_timeout_ = answer_timeout;
    written_before_ = session_.bytes_written();
    answering_ = false;
    ++backend_->exchanges;
    if (state_ != State::idle) return;
    enter(State::busy);
    touch();
}

void BackendSide::detach(Exchange&, bool reusable, net::CloseManner manner, Client* client) {
    SEKI_CHECK(exchange_ != nullptr);
    exchange_ = nullptr;
    --backend_->exchanges;
    const bool fit = reusable && state_ == State::busy && codec_->persistent() && all_sent() && !has_unread() &&
                     !session_.read_closed() && !session_.end_reported() && !context_.draining;
    proven_ = !std::exchange(fresh_, false);
    if (fit) learn_kept();
    if (!fit || !keep_idle(client)) {
        // The buffer was the exchange's, whose reservation ends before this session does.
        session_.unsent().reset();
        session_.close(manner, reusable ? net::CloseReason::finished : net::CloseReason::stale);
        return;
    }
    Side::release_hold();
    enter(State::idle);
    session_.deadline(context_.loop.now() + context_.settings.backend_idle_timeout);
}

// The connection has served, and may again; and what others that are idle tell.
void BackendSide::learn_kept() {
    backend::KeepAlive& keep_alive = backend_->keep_alive;
    if (proven_) return keep_alive.kept();
    if (keep_alive.proven()) return;
    const auto first_end = context_.pool.first_end(*backend_);
    const Monotonic still_there = context_.loop.now() + context_.settings.backend_idle_timeout - keep_alive.soon;
    if (first_end && *first_end <= still_there) keep_alive.kept();
}

// The backend ended the connection, which it had not said.
void BackendSide::learn_ended() {
    if (fresh_ || proven_) return;
    if (backend_->keep_alive.ended(context_.loop.now())) context_.recorder.backend_keeps_none(*backend_);
}

Duration BackendSide::idle_for() const {
    return context_.loop.now() - (session_.Timer::deadline() - context_.settings.backend_idle_timeout);
}

net::Next BackendSide::end_of_idle() {
    if (state_ == State::idle && idle_for() < backend::KeepAlive::soon) learn_ended();
    return net::Close{net::CloseManner::now, net::CloseReason::stale};
}

std::optional<http::StreamId> BackendSide::send_head(Exchange&, const http::RequestHead& head,
                                                     std::span<const http::AddedField> added) {
    hold();
    http::StreamId stream = 0;
    if (!append([&](http::Output& out) { stream = codec_->write_head(head, added, out); })) return std::nullopt;
    return stream;
}

std::optional<http::StreamId> BackendSide::adopt(Exchange& exchange, HeldRequest& held) {
    SEKI_CHECK(session_.unsent() == nullptr);
    HeldRequest::Written* const written = held.written();
    if (written == nullptr) return write_again(exchange, held);
    if (state_ == State::connecting || !exchange.tunnel()) hold();
    change_codec(std::move(written->codec));
    session_.unsent() = std::move(written->bytes);
    flush();
    return only_stream;
}

std::optional<HeldRequest> BackendSide::take_held() {
    if (!holds() || answering_ || session_.unsent() == nullptr) return std::nullopt;
    HeldRequest::Written written{std::move(session_.unsent()), std::move(codec_)};
    written.bytes->rewind();
    written.codec->restart_answer();
    change_codec(std::make_unique<RawClientCodec>());
    return HeldRequest(std::move(written));
}

void BackendSide::make_body_room(http::StreamId stream) {
    if (state_ == State::connecting || !holds()) return;
    // Less than this and reading on would go in driblets, or a trailer section, which is seen whole, find no room at
    // all: the request is too long to be held.
    const size_t worthwhile = codec_->outgoing_raw(stream) > 0 ? 1024 : max_trailer_bytes;
    if (body_room(stream) < worthwhile) Side::release_hold();
}

void BackendSide::become_tunnel(http::StreamId) {
    Side::release_hold();
    change_codec(std::make_unique<RawClientCodec>());
}

void BackendSide::go_on_in(Exchange& exchange, const Carried& carried, Duration answer_timeout) {
    attach(exchange, answer_timeout);
    enter(State::busy);
    written_before_ = carried.written_before;
    answering_ = carried.answering;
    fresh_ = carried.fresh;
    proven_ = carried.proven;
    bound_ = carried.bound;
    if (!carried.holds) Side::release_hold();
    touch();
}

void BackendSide::leave_exchange() noexcept {
    exchange_ = nullptr;
    --backend_->exchanges;
}

// ---- Protocol

net::Next BackendSide::on_ready(net::Session& session) {
    if (state_ == State::connecting) {
        if (!session.connected()) {
            if (!session.end_reported()) return net::Stay{};
            return lose(BackendLoss::Kind::refused);
        }
        enter(State::busy);
        touch();
        if (exchange_ != nullptr) exchange_->connected();
        if (exchange_ != nullptr && exchange_->tunnel()) Side::release_hold();
    }
    const bool took = flush_some();
    // A backend may answer and close before it has read the whole request: what it said is still there to be read.
    if (exchange_ != nullptr) exchange_->sink_progress(Direction::request, took);
    net::Next next = pump();
    if (deaf()) return lose(BackendLoss::Kind::closed);
    return next;
}

// A tunnel's backend that takes nothing any more, and all of what it said was passed on.
bool BackendSide::deaf() const noexcept {
    return session_.write_failed() && exchange_ != nullptr && exchange_->tunnel() && exchange_->answer_delivered();
}

net::Next BackendSide::on_deadline(net::Session& session) {
    if (exchange_ == nullptr) return net::Close{net::CloseManner::now, net::CloseReason::idle};
    if (state_ == State::connecting) return lose(BackendLoss::Kind::connect_timeout);
    if (const auto again = exchange_->backend_due(context_.loop.now(), answer_timeout_)) {
        session.deadline(*again);
        return net::Stay{};
    }
    return lose(BackendLoss::Kind::timeout);
}

net::Next BackendSide::lose(BackendLoss::Kind kind, http::Fault fault) {
    const int error = kind == BackendLoss::Kind::refused ? session_.transport().connect_error() : 0;
    BackendLoss loss{kind, fault, error, !fresh_, session_.bytes_written() != written_before_, take_held(), problem()};
    if (kind == BackendLoss::Kind::closed) learn_ended();
    Exchange& exchange = *std::exchange(exchange_, nullptr);
    --backend_->exchanges;
    exchange.backend_gone(std::move(loss));
    const bool expected = kind == BackendLoss::Kind::closed;
    return net::Close{net::CloseManner::now, expected ? net::CloseReason::peer_closed : net::CloseReason::peer_error};
}

void BackendSide::on_close(net::Session& session, net::CloseReason reason) {
    connection_ended(reason);
    if (state_ == State::idle) context_.pool.remove(*backend_, session.id());
    if (exchange_ != nullptr) lose(BackendLoss::Kind::no_resources);
}

void BackendSide::describe(std::string& line) const {
    line += fmt::format("cluster={} backend={} {}{}", backend_->cluster_id, backend_->id, bound_ ? "own " : "",
                        state_ == State::connecting ? "connecting"
                        : state_ == State::busy     ? "busy"
                                                    : "idle");
}

void BackendSide::touch() { session_.deadline(context_.loop.now() + answer_timeout_); }

size_t BackendSide::input_room() const {
    if (state_ == State::connecting) return 0;
    if (exchange_ == nullptr) return context_.scratch.size();
    return exchange_->room_for_answer();
}

size_t BackendSide::window() const {
    const size_t room = input_room();
    return room > 0 && exchange_ != nullptr && exchange_->awaits_head() ? SIZE_MAX : room;
}

std::optional<net::Next> BackendSide::handle(const http::Event& event) {
    using Kind = http::Event::Kind;
    if (exchange_ == nullptr || event.kind >= Kind::window) return handle_no_message(event);
    if (!std::exchange(answering_, true)) Side::release_hold();
    switch (event.kind) {
        case Kind::interim:
            if (!exchange_->interim(codec_->head(), event.consumed)) {
                return lose(BackendLoss::Kind::fault, http::Fault::too_many_interim);
            }
            break;
        case Kind::head:
            exchange_->answer_head(codec_->head(), event.end);
            break;
        case Kind::body:
            exchange_->body(Direction::response, event.body);
            if (event.end && exchange_ != nullptr) exchange_->end(Direction::response, nullptr);
            break;
        case Kind::end:
            exchange_->end(Direction::response, &codec_->trailers());
            break;
        case Kind::need_more:
        case Kind::blocked:
        case Kind::window:
        case Kind::reset:
        case Kind::fault:
            SEKI_CHECK(false);
    }
    return std::nullopt;
}

// What is no part of an answer, or of none that was asked for.
std::optional<net::Next> BackendSide::handle_no_message(const http::Event& event) {
    using Kind = http::Event::Kind;
    const bool out_of_step = exchange_ == nullptr || (event.kind == Kind::fault && exchange_->answer_ended());
    if (out_of_step) return net::Close{net::CloseManner::now, net::CloseReason::protocol_error};
    if (event.kind == Kind::fault) return lose(BackendLoss::Kind::fault, event.fault);
    if (event.kind == Kind::reset) return lose(BackendLoss::Kind::closed);
    exchange_->sink_progress(Direction::request, true);
    return std::nullopt;
}

void BackendSide::batch_done() {
    if (exchange_ != nullptr) exchange_->flush(Direction::response);
}

net::Next BackendSide::handle_end_of_input(const http::Event& event) {
    if (exchange_ == nullptr) return end_of_idle();
    if (event.kind != http::Event::Kind::end) return lose_at_end(event.fault);
    exchange_->end(Direction::response, nullptr);
    batch_done();
    return net::Stay{};
}

net::Next BackendSide::lose_at_end(http::Fault fault) {
    return lose(answering_ ? BackendLoss::Kind::fault : BackendLoss::Kind::closed, fault);
}

net::Next BackendSide::handle_broken() {
    if (exchange_ == nullptr) return end_of_idle();
    return lose_at_end(http::Fault::truncated);
}

bool BackendSide::move_raw() {
    return exchange_ != nullptr && !has_unread() && exchange_->move_raw(Direction::response);
}

}  // namespace seki::proxy
