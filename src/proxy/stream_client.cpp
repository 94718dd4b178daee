#include "proxy/stream_client.h"

#include <algorithm>
#include <fmt/format.h>
#include <utility>

#include "base/check.h"
#include "proxy/exchange.h"

namespace seki::proxy {

namespace {
// What is left of the outbox when requests are read: the head of an own answer goes in, whatever a backend's head needs
// (Context::edit_room), and some body.
constexpr size_t least_room = 2 * Context::edit_room;
}  // namespace

StreamClient::StreamClient(net::Session& session, Context& context, ListenerPtr listener,
                           std::unique_ptr<http::ServerCodec> codec, http::Scheme scheme)
    : Client(session, context, std::move(listener), std::move(codec), scheme),
      outbox_(context),
      took_at_(context.loop.now()) {
    shared_ = true;
    session.deadline(context.loop.now() + listener_->timeouts.request);
}

StreamClient::~StreamClient() { SEKI_CHECK(streams_.empty()); }

// ---- the exchanges

Exchange* StreamClient::find(http::StreamId stream) const noexcept {
    const auto found = std::ranges::find(streams_, stream, &Stream::id);
    return found == streams_.end() ? nullptr : found->exchange;
}

void StreamClient::remove(http::StreamId stream) {
    const auto found = std::ranges::find(streams_, stream, &Stream::id);
    SEKI_CHECK(found != streams_.end());
    *found = streams_.back();
    streams_.pop_back();
    if (!streams_.empty()) return;
    outbox_.transfer_reservation(session_);
    due_.reset();
    session_.deadline(context_.loop.now() + listener_->timeouts.front);
}

// Backwards: the last one takes the place of one that ends, and was visited before.
template <typename Visit>
void StreamClient::for_each(Visit visit) {
    for (size_t i = streams_.size(); i-- > 0;) {
        if (i < streams_.size()) visit(streams_[i].id, *streams_[i].exchange);
    }
}

size_t StreamClient::head_room() const {
    const net::BufferPtr& unsent = session_.unsent();
    const size_t room = unsent == nullptr ? context_.buffers.buffer_size() : unsent->room().size();
    return room > Context::edit_room ? room - Context::edit_room : 0;
}

bool StreamClient::delivered() const noexcept { return !outbox_.late(); }

bool StreamClient::withholds_credit(http::StreamId stream) const { return codec_->send_window(stream) == 0; }

void StreamClient::exchange_ended(http::StreamId stream, bool reusable) {
    const bool whole = reusable && codec_->request_complete(stream);
    if (!whole) codec_->give_up(stream);
    codec_->finish(stream);
    remove(stream);
    resume();
    if (!whole || has_unread() || session_.readable() || !session_.watched() || leaving() || ending_) session_.wake();
}

void StreamClient::end_is_late(std::string_view end) { outbox_.keep_end(end); }

void StreamClient::write_own_frames() {
    if (outbox_.write_own_frames(*this, !streams_.empty())) resume();
}

void StreamClient::grant_credit(http::StreamId stream, size_t room) {
    set_credit(stream, room);
    if (codec_->own_frames() > 0) session_.wake();
    resume_if_credit_grew();
}

void StreamClient::set_credit(http::StreamId stream, size_t room) {
    const auto found = std::ranges::find(streams_, stream, &Stream::id);
    if (found == streams_.end()) return;
    credit_grown_ |= room > std::exchange(found->allowed, room);
    codec_->grant_credit(stream, room);
}

// Who is blocked looks again only when some stream has more credit than before: the other end may be of this kind, too,
// and both would wake each other without end.
void StreamClient::resume_if_credit_grew() {
    if (std::exchange(credit_grown_, false)) resume();
}

void StreamClient::update_credit(http::StreamId stream, Exchange& exchange) {
    if (exchange.takes_body()) set_credit(stream, exchange.room_for_request());
}

// The client takes more of one stream, or of all.
void StreamClient::window_grew(http::StreamId stream) {
    for_each([&](http::StreamId id, Exchange& exchange) {
        if (stream == 0 || stream == id) exchange.sink_progress(Direction::response, false);
    });
}

// A tunnel in a stream ends with the others that have begun.
Concern StreamClient::concern_with(const SessionsOf& sessions) {
    if (streams_.empty()) return belonged_to(sessions) ? Concern::idle : Concern::none;
    const auto is_of = [&](const Stream& stream) { return stream.exchange->is_of(sessions); };
    return std::ranges::any_of(streams_, is_of) ? Concern::request : Concern::none;
}

void StreamClient::resume_suspended() {
    for_each([](http::StreamId, Exchange& exchange) {
        if (exchange.suspended()) exchange.resume();
    });
}

// Others have ended in this turn, and in the next one there is room for a request of this client. Not for ever: others
// may be first in each.
bool StreamClient::waits_for_exchange() const noexcept {
    return !leaving() && !context_.has_room_for_exchange() && context_.more_next_turn() && waited_ < most_turns_waited;
}

void StreamClient::due(Monotonic when) {
    if (due_ && *due_ <= when) return;
    due_ = when;
    session_.deadline(when);
}

// Whether the client took anything since the last call.
bool StreamClient::note_progress() {
    const bool took = session_.bytes_written() != written_seen_;
    written_seen_ = session_.bytes_written();
    if (took || all_sent()) took_at_ = context_.loop.now();
    return took;
}

// ---- Protocol

net::Next StreamClient::on_ready(net::Session& session) {
    if (leaving()) codec_->go_away();
    flush();
    outbox_.write_late(*this, !streams_.empty());
    write_own_frames();
    const bool took = note_progress();
    if (session.write_failed()) return net::Close{net::CloseManner::now, net::CloseReason::peer_error};
    resume_suspended();
    for_each([took](http::StreamId, Exchange& exchange) { exchange.sink_progress(Direction::response, took); });
    if (!ending_) {
        const net::Next next = pump();
        if (!std::holds_alternative<net::Stay>(next)) return net::Next(std::get<net::Close>(next));
    }
    if (session.end_reported()) {
        if (lost()) return handle_broken();
        note_half_close();
        for_each([this](http::StreamId, const Exchange& exchange) {
            if (const auto gone = exchange.gone_at()) due(*gone);
        });
    }
    return rest();
}

net::Next StreamClient::rest() {
    write_own_frames();
    resume_if_credit_grew();
    if (waits_for_exchange() && (has_unread() || session_.readable())) {
        ++waited_;
        context_.note_waiting();
        session_.wake();
    }
    if (!streams_.empty() || outbox_.late() || codec_->own_frames() > 0) return net::Stay{};
    if (ending_) return net::Close{net::CloseManner::flush, net::CloseReason::finished};
    if (leaving()) return net::Close{net::CloseManner::flush, reason_to_leave()};
    return net::Stay{};
}

net::Next StreamClient::on_deadline(net::Session& session) {
    const Monotonic now = context_.loop.now();
    if (streams_.empty()) {
        const bool never_asked = requests_ == 0;
        if (never_asked) context_.recorder.count(Count::request_timeouts);
        return net::Close{net::CloseManner::now, never_asked ? net::CloseReason::timeout : net::CloseReason::idle};
    }
    session.want_watch();
    note_progress();
    if (now - took_at_ >= listener_->timeouts.front) {
        return net::Close{net::CloseManner::now, net::CloseReason::timeout};
    }
    due_.reset();
    for_each([&](http::StreamId, Exchange& exchange) {
        exchange.restart_pace(now);
        if (const auto until = exchange.idle_until(now)) return due(*until);
        exchange.client_late();
    });
    // One that was late may still be there, with its answer.
    if (!due_ && !streams_.empty()) due(now + listener_->timeouts.front);
    return rest();
}

void StreamClient::on_close(net::Session&, net::CloseReason reason) {
    let_go();
    outbox_.transfer_reservation(session_);
    while (!streams_.empty()) {
        Exchange* const exchange = streams_.back().exchange;
        streams_.pop_back();
        exchange->client_gone(reason);
    }
}

std::optional<Monotonic> StreamClient::idle_since(const net::Session& session) const {
    if (!streams_.empty() || has_unread() || outbox_.late() || ending_ || session.readable()) return std::nullopt;
    return session.Timer::deadline() - (requests_ == 0 ? listener_->timeouts.request : listener_->timeouts.front);
}

void StreamClient::describe(std::string& line) const {
    line += fmt::format("requests={} streams={}{}", requests_, streams_.size(), ending_ ? " ending" : "");
    for (const Stream& stream : streams_) {
        line += fmt::format(" [{}] ", stream.id);
        stream.exchange->describe(line);
    }
}

size_t StreamClient::input_room() const {
    if (ending_ || outbox_.late() || waits_for_exchange()) return 0;
    const net::BufferPtr& unsent = session_.unsent();
    if (unsent != nullptr && unsent->room().size() < least_room) return 0;
    return context_.scratch.size() - Context::edit_room;
}

std::optional<net::Next> StreamClient::handle(const http::Event& event) {
    using Kind = http::Event::Kind;
    Exchange* const exchange = find(event.stream);
    switch (event.kind) {
        case Kind::head:
            SEKI_CHECK(exchange == nullptr);
            begin_exchange(event);
            break;
        case Kind::body:
            // Of what answers by itself already the rest is of no use.
            if (exchange == nullptr || !exchange->takes_body()) break;
            exchange->body(Direction::request, event.body);
            // It may have ended with that.
            if (event.end && find(event.stream) == exchange) exchange->end(Direction::request, nullptr);
            if (find(event.stream) == exchange) update_credit(event.stream, *exchange);
            break;
        case Kind::end:
            if (exchange != nullptr && exchange->takes_body()) {
                exchange->end_of_request(&codec_->trailers());
            }
            break;
        case Kind::reset:
            if (exchange == nullptr) break;
            remove(event.stream);
            codec_->finish(event.stream);
            exchange->client_gone(net::CloseReason::peer_closed);
            break;
        case Kind::window:
            window_grew(event.stream);
            break;
        case Kind::fault:
            context_.recorder.count(Count::client_faults);
            write_own_frames();  // they say what was wrong
            return net::Close{net::CloseManner::linger, net::CloseReason::protocol_error};
        case Kind::need_more:
        case Kind::blocked:
        case Kind::interim:
            SEKI_CHECK(false);
    }
    return std::nullopt;
}

void StreamClient::begin_exchange(const http::Event& event) {
    waited_ = 0;
    // What no exchange was opened for may be asked again elsewhere.
    if (leaving()) return refuse(event.stream);
    Exchange* const exchange = context_.open_exchange();
    if (exchange == nullptr) {
        context_.recorder.count(Count::out_of_buffers);
        return refuse(event.stream);
    }
    const Monotonic now = context_.loop.now();
    ++requests_;
    streams_.push_back({event.stream, exchange, 0});
    due(now + listener_->timeouts.front);
    exchange->begin(*this, event.stream, listener_, codec_->head(), event.end, now);
    if (find(event.stream) == exchange && !event.end) set_credit(event.stream, exchange->room_for_request());
}

void StreamClient::refuse(http::StreamId stream) {
    codec_->give_up(stream);
    codec_->finish(stream);
}

// What was written goes, and what the backends took of it is credit for more.
void StreamClient::batch_done() {
    for_each([this](http::StreamId stream, Exchange& exchange) {
        exchange.flush(Direction::request);
        if (find(stream) == &exchange) update_credit(stream, exchange);
    });
    write_own_frames();
}

// Requests that are complete are answered still.
net::Next StreamClient::handle_end_of_input(const http::Event&) {
    ending_ = true;
    for (size_t i = streams_.size(); i-- > 0;) {
        const auto [stream, exchange, allowed] = streams_[i];
        if (exchange->request_ended()) continue;
        remove(stream);
        exchange->client_gone(net::CloseReason::peer_closed);
    }
    return rest();
}

net::Next StreamClient::handle_broken() { return net::Close{net::CloseManner::now, net::CloseReason::peer_error}; }

}  // namespace seki::proxy
