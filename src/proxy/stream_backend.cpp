#include "proxy/stream_backend.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "base/check.h"
#include "proxy/client.h"
#include "proxy/exchange.h"

namespace seki::proxy {

StreamBackend::StreamBackend(net::Session& session, Context& context, backend::BackendPtr backend,
                             std::unique_ptr<http::ClientCodec> codec, Duration connect_timeout)
    : BackendEnd(session, context, std::move(backend), std::move(codec)), outbox_(context) {
    shared_ = true;
    ++backend_->connections;
    session.deadline(context.loop.now() + connect_timeout);
}

StreamBackend::~StreamBackend() { SEKI_CHECK(streams_.empty()); }

// ---- the exchanges

StreamBackend::Stream* StreamBackend::find(http::StreamId id) noexcept {
    const auto found = std::ranges::find(streams_, id, &Stream::id);
    return id == 0 || found == streams_.end() ? nullptr : &*found;
}

StreamBackend::Stream* StreamBackend::find(const Exchange& exchange) noexcept {
    const auto found = std::ranges::find(streams_, &exchange, &Stream::exchange);
    return found == streams_.end() ? nullptr : &*found;
}

StreamBackend::Stream StreamBackend::take(Stream& stream) {
    Stream taken = std::move(stream);
    if (&stream != &streams_.back()) stream = std::move(streams_.back());
    streams_.pop_back();
    --backend_->exchanges;
    if (streams_.empty()) outbox_.transfer_reservation(session_);
    return taken;
}

// Backwards: the last one takes the place of one that ends, and was visited before.
template <typename Visit>
void StreamBackend::for_each(Visit visit) {
    for (size_t i = streams_.size(); i-- > 0;) {
        if (i < streams_.size()) visit(streams_[i]);
    }
}

void StreamBackend::attach(Exchange& exchange, Duration answer_timeout) {
    if (streams_.empty()) due_.reset();
    pooled_ = false;  // who takes an idle one has taken it out
    streams_.push_back({.exchange = &exchange, .answer_timeout = answer_timeout, .held = {}});
    ++backend_->exchanges;
    if (connected_) due(context_.loop.now() + answer_timeout);
}

void StreamBackend::detach(Exchange& exchange, bool reusable, net::CloseManner, Client* client) {
    Stream* const found = find(exchange);
    SEKI_CHECK(found != nullptr);
    const Stream stream = take(*found);
    if (stream.id != 0 && !reusable) codec_->give_up(stream.id);
    if (stream.id != 0) fresh_ = false;
    offer();
    rest_idle(client);
    if (streams_.empty() && !connected_) return session_.close(net::CloseManner::now, net::CloseReason::stale);
    session_.wake();  // what is to be said of it goes, and who serves nobody ends
}

// In the pool, or with the client that it belongs to.
void StreamBackend::rest_idle(Client* client) {
    if (!streams_.empty() || pooled_ || !fit() || !keep_idle(client)) return;
    pooled_ = true;
    session_.deadline(context_.loop.now() + context_.settings.backend_idle_timeout);
}

uint64_t StreamBackend::end_of_outbox() const noexcept {
    return session_.bytes_written() + (session_.has_unsent() ? session_.unsent()->size() : 0);
}

std::optional<http::StreamId> StreamBackend::send_head(Exchange& exchange, const http::RequestHead& head,
                                                       std::span<const http::AddedField> added) {
    if (outbox_.late() || codec_->free_streams() == 0) return std::nullopt;
    const uint64_t begins_at = end_of_outbox();
    http::StreamId id = 0;
    if (!append([&](http::Output& out) { id = codec_->write_head(head, added, out); })) return std::nullopt;
    Stream& stream = *find(exchange);
    stream.id = id;
    stream.begins_at = begins_at;
    stream.held = KeptRequest::keep(head, added, context_.buffers);
    offer();
    return id;
}

std::optional<http::StreamId> StreamBackend::adopt(Exchange& exchange, HeldRequest& held) {
    const auto id = write_again(exchange, held);
    Stream& stream = *find(exchange);
    // There was room for its head, but not for what is there of its body.
    if (!id && stream.id != 0) {
        codec_->give_up(std::exchange(stream.id, 0));
        stream.held.reset();
    }
    return id;
}

bool StreamBackend::grant_credit(http::StreamId stream, size_t room) {
    Stream* const found = find(stream);
    if (found == nullptr) return false;
    set_credit(*found, room);
    if (codec_->own_frames() > 0) session_.wake();
    const bool waited = credit_grown_ && waits_for_room();
    resume_if_credit_grew();
    return waited;
}

void StreamBackend::set_credit(Stream& stream, size_t room) {
    credit_grown_ |= room > std::exchange(stream.allowed, room);
    codec_->grant_credit(stream.id, room);
}

// See StreamClient.
void StreamBackend::resume_if_credit_grew() {
    if (std::exchange(credit_grown_, false)) resume();
}

// What one of them wrote to its client is room that others of that client do not have any more.
void StreamBackend::update_credit() {
    for (Stream& stream : streams_) {
        if (stream.id != 0) set_credit(stream, stream.exchange->room_for_answer());
    }
}

void StreamBackend::write_own_frames() {
    if (outbox_.write_own_frames(*this, !streams_.empty())) resume();
}

// Others may begin requests on it as long as it serves some and has streams left.
void StreamBackend::offer() {
    const auto waiting = static_cast<size_t>(std::ranges::count(streams_, http::StreamId{0}, &Stream::id));
    const bool wanted = !bound_ && !streams_.empty() && fit() && codec_->free_streams() > waiting;
    if (wanted == offered_) return;
    if (offered_) context_.pool.remove(*backend_, session_.id());
    offered_ = wanted && context_.pool.offer(*backend_, session_);
}

bool StreamBackend::fit() const {
    return connected_ && up_to_date() && !session_.read_closed() && !session_.end_reported() &&
           !session_.write_failed() && !context_.draining && codec_->free_streams() > 0;
}

void StreamBackend::due(Monotonic when) {
    if (due_ && *due_ <= when) return;
    due_ = when;
    session_.deadline(when);
}

// ---- losses

void StreamBackend::lose(Stream& stream, BackendLoss::Kind kind, http::Fault fault) {
    Stream lost = take(stream);
    const int error = kind == BackendLoss::Kind::refused ? session_.transport().connect_error() : 0;
    const bool written = lost.id != 0 && session_.bytes_written() > lost.begins_at;
    // A backend that has looked at nothing is no worse for it.
    const bool reused = !fresh_ || kind == BackendLoss::Kind::unprocessed;
    BackendLoss loss{kind, fault, error, reused, written, std::nullopt, problem()};
    const Exchange& exchange = *lost.exchange;
    const bool whole = lost.held && !exchange.sent_body() && !(lost.held->has_body() && exchange.request_ended());
    if (whole) loss.held.emplace(std::move(*lost.held));
    lost.exchange->backend_gone(std::move(loss));
}

net::Close StreamBackend::lose_all(BackendLoss::Kind kind, http::Fault fault) {
    // Nobody who is given another connection shall be given this one.
    if (std::exchange(offered_, false)) context_.pool.remove(*backend_, session_.id());
    outbox_.transfer_reservation(session_);
    while (!streams_.empty()) {
        Stream& last = streams_.back();
        const bool cut = kind == BackendLoss::Kind::closed && last.answering;
        lose(last, cut ? BackendLoss::Kind::fault : kind, cut ? http::Fault::truncated : fault);
    }
    const bool expected = kind == BackendLoss::Kind::closed;
    return {net::CloseManner::now, expected ? net::CloseReason::peer_closed : net::CloseReason::peer_error};
}

// ---- Protocol

net::Next StreamBackend::on_ready(net::Session& session) {
    if (!connected_) {
        if (!session.connected()) {
            if (!session.end_reported()) return net::Stay{};
            return lose_all(BackendLoss::Kind::refused);
        }
        connected_ = true;
        for_each([this](Stream& stream) {
            due(context_.loop.now() + stream.answer_timeout);
            stream.exchange->connected();
        });
        offer();
    }
    const bool took = flush_some();
    outbox_.write_late(*this, !streams_.empty());
    write_own_frames();
    for_each([took](Stream& stream) {
        Exchange& exchange = *stream.exchange;
        // What the backend took of others says nothing of one whose request is complete.
        exchange.sink_progress(Direction::request, took && !exchange.request_ended());
    });
    update_credit();
    net::Next next = pump();
    if (!std::holds_alternative<net::Stay>(next)) return next;
    if (session.write_failed() && !session.readable()) return lose_all(BackendLoss::Kind::closed);
    return rest();
}

net::Next StreamBackend::rest() {
    write_own_frames();
    resume_if_credit_grew();
    offer();
    rest_idle(nullptr);
    if (!streams_.empty() || (pooled_ && fit())) return net::Stay{};
    return net::Close{net::CloseManner::flush, net::CloseReason::finished};
}

net::Next StreamBackend::on_deadline(net::Session&) {
    if (!connected_) return lose_all(BackendLoss::Kind::connect_timeout);
    if (streams_.empty()) return net::Close{net::CloseManner::now, net::CloseReason::idle};
    due_.reset();
    const Monotonic now = context_.loop.now();
    for_each([&](Stream& stream) {
        if (const auto again = stream.exchange->backend_due(now, stream.answer_timeout)) return due(*again);
        if (stream.id != 0) codec_->give_up(stream.id);
        lose(stream, BackendLoss::Kind::timeout);
    });
    return rest();
}

void StreamBackend::on_close(net::Session& session, net::CloseReason reason) {
    connection_ended(reason);
    lose_all(BackendLoss::Kind::no_resources);
    if (std::exchange(pooled_, false)) context_.pool.remove(*backend_, session.id());
}

void StreamBackend::describe(std::string& line) const {
    line +=
        fmt::format("cluster={} backend={} {}{} streams={}", backend_->cluster_id, backend_->id, bound_ ? "own " : "",
                    !connected_        ? "connecting"
                    : streams_.empty() ? "idle"
                                       : "busy",
                    streams_.size());
}

std::optional<net::Next> StreamBackend::handle(const http::Event& event) {
    using Kind = http::Event::Kind;
    Stream* const stream = find(event.stream);
    switch (event.kind) {
        case Kind::interim:
        case Kind::head:
        case Kind::body:
        case Kind::end:
            if (stream != nullptr) answer(*stream, event);
            break;
        case Kind::reset:
            offer();  // who is given another connection shall not be given one that goes away
            if (stream != nullptr)
                lose(*stream, event.unprocessed ? BackendLoss::Kind::unprocessed : BackendLoss::Kind::closed);
            break;
        case Kind::window:
            for_each([&](Stream& each) {
                if (event.stream == 0 || event.stream == each.id)
                    each.exchange->sink_progress(Direction::request, true);
            });
            break;
        case Kind::fault:
            return lose_all(BackendLoss::Kind::fault, event.fault);
        case Kind::need_more:
        case Kind::blocked:
            SEKI_CHECK(false);
    }
    update_credit();
    return std::nullopt;
}

void StreamBackend::answer(Stream& stream, const http::Event& event) {
    using Kind = http::Event::Kind;
    Exchange& exchange = *stream.exchange;
    stream.answering = true;
    stream.held.reset();
    switch (event.kind) {
        case Kind::interim:
            if (exchange.interim(codec_->head(), event.consumed)) return;
            codec_->give_up(event.stream);
            return lose(stream, BackendLoss::Kind::fault, http::Fault::too_many_interim);
        case Kind::head:
            return exchange.answer_head(codec_->head(), event.end);
        case Kind::body:
            exchange.body(Direction::response, event.body);
            if (event.end && find(exchange) != nullptr) exchange.end_of_answer(nullptr);
            return;
        default:
            return exchange.end_of_answer(&codec_->trailers());
    }
}

void StreamBackend::batch_done() {
    for_each([](Stream& stream) { stream.exchange->flush(Direction::response); });
    update_credit();
    offer();
    // It takes no more requests: those whose heads still wait go elsewhere.
    if (codec_->persistent()) return;
    for_each([this](Stream& stream) {
        if (stream.id == 0) lose(stream, BackendLoss::Kind::unprocessed);
    });
}

net::Next StreamBackend::handle_end_of_input(const http::Event&) {
    if (streams_.empty()) return net::Close{net::CloseManner::now, net::CloseReason::stale};
    return lose_all(BackendLoss::Kind::closed);
}

net::Next StreamBackend::handle_broken() { return handle_end_of_input({}); }

}  // namespace seki::proxy
