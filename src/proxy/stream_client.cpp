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
constexpr size_t max_reset_bytes = 64;
}  // namespace

StreamClient::StreamClient(net::Session& session, Context& context, ListenerPtr listener,
                           std::unique_ptr<http::ServerCodec> codec, http::Scheme scheme)
    : Client(session, context, std::move(listener), std::move(codec), scheme), took_at_(context.loop.now()) {
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
    // The reservation of the last exchange goes with it, what it has written stays.
    if (session_.unsent() != nullptr) context_.buffers.endow(*session_.unsent());
    due_.reset();
    session_.deadline(context_.loop.now() + listener_->timeouts.front);
}

// Backwards: the last one takes the place of one that ends, and was visited before.
template <typename Visit>
void StreamClient::for_each(Visit visit) {
    for (size_t i = streams_.size(); i-- > 0;) {
        if (i < streams_.size()) visit(*streams_[i].exchange);
    }
}

size_t StreamClient::head_room() {
    const net::BufferPtr& unsent = session_.unsent();
    const size_t room = unsent == nullptr ? context_.buffers.buffer_size() : unsent->room().size();
    return room > Context::edit_room ? room - Context::edit_room : 0;
}

bool StreamClient::delivered() const noexcept { return late_.empty(); }

void StreamClient::exchange_ended(http::StreamId stream, bool reusable) {
    const bool whole = reusable && codec_->request_complete(stream);
    codec_->finish(stream);
    if (!whole) reset(stream);
    remove(stream);
    resume();
    if (has_unread() || session_.readable() || !session_.watched() || context_.draining || ending_) session_.wake();
}

void StreamClient::reset(http::StreamId stream) {
    char text[max_reset_bytes];
    http::Output out(text, text + sizeof text);
    codec_->write_reset(stream, out);
    const std::string_view written(text, out.size());
    // Without an exchange there is no buffer to be had.
    const bool may_buffer = !streams_.empty() || session_.unsent() != nullptr;
    if (!may_buffer || !append([&](http::Output& into) { into.append(written); })) end_is_late(written);
    session_.wake();
}

void StreamClient::end_is_late(std::string_view end) { late_ += end; }

void StreamClient::write_late() {
    if (all_sent()) {
        late_.erase(0, session_.write(late_));
        return;
    }
    net::Buffer& out = *session_.unsent();
    const size_t fits = std::min(late_.size(), out.room().size());
    out.append(std::string_view(late_).substr(0, fits));
    late_.erase(0, fits);
}

void StreamClient::go_on(http::StreamId stream, size_t room) {
    codec_->allow(stream, room);
    resume();
}

void StreamClient::due(Monotonic when) {
    if (due_ && *due_ <= when) return;
    due_ = when;
    session_.deadline(when);
}

void StreamClient::become_raw() { SEKI_CHECK(false); }

void StreamClient::end_output() { SEKI_CHECK(false); }

// Whether the client took anything since the last call.
bool StreamClient::note_progress() {
    const bool took = session_.bytes_written() != written_seen_;
    written_seen_ = session_.bytes_written();
    if (took || all_sent()) took_at_ = context_.loop.now();
    return took;
}

// ---- Protocol

net::Next StreamClient::on_ready(net::Session& session) {
    postponed_ = false;
    flush();
    if (!late_.empty() && !session.write_failed()) write_late();
    const bool took = note_progress();
    if (session.write_failed()) return net::Close{net::CloseManner::now, net::CloseReason::peer_error};
    for_each([took](Exchange& exchange) { exchange.sink_progress(Direction::response, took); });
    if (took && input_room() > 0) resume();
    if (!ending_) {
        const net::Next next = pump();
        if (!std::holds_alternative<net::Stay>(next)) return net::Next(std::get<net::Close>(next));
    }
    if (session.end_reported()) {
        if (lost()) return handle_broken();
        note_half_close();
        for_each([this](const Exchange& exchange) {
            if (const auto gone = exchange.gone_at()) due(*gone);
        });
    }
    return rest();
}

net::Next StreamClient::rest() {
    if (!streams_.empty() || postponed_ || !late_.empty()) return net::Stay{};
    if (ending_) return net::Close{net::CloseManner::flush, net::CloseReason::finished};
    if (context_.draining) return net::Close{net::CloseManner::flush, net::CloseReason::stopping};
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
    for_each([&](Exchange& exchange) {
        if (const auto until = exchange.idle_until(now)) return due(*until);
        exchange.client_late();
    });
    // One that was late may still be there, with its answer.
    if (!due_ && !streams_.empty()) due(now + listener_->timeouts.front);
    return rest();
}

void StreamClient::on_close(net::Session&, net::CloseReason reason) {
    let_go();
    while (!streams_.empty()) {
        Exchange* const exchange = streams_.back().exchange;
        streams_.pop_back();
        exchange->client_gone(reason);
    }
}

std::optional<Monotonic> StreamClient::idle_since(const net::Session& session) const {
    if (!streams_.empty() || has_unread() || !late_.empty() || ending_ || postponed_ || session.readable())
        return std::nullopt;
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
    if (ending_ || postponed_ || !late_.empty()) return 0;
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
            if (find(event.stream) == exchange) codec_->allow(event.stream, exchange->room(Direction::request));
            break;
        case Kind::end:
            if (exchange != nullptr && exchange->takes_body()) {
                exchange->end(Direction::request, &codec_->trailers());
            }
            break;
        case Kind::reset:
            if (exchange == nullptr) break;
            remove(event.stream);
            codec_->finish(event.stream);
            exchange->client_gone(net::CloseReason::peer_closed);
            break;
        case Kind::fault:
            context_.recorder.count(Count::client_faults);
            return net::Close{net::CloseManner::linger, net::CloseReason::protocol_error};
        case Kind::need_more:
        case Kind::blocked:
        case Kind::interim:
            SEKI_CHECK(false);
    }
    return std::nullopt;
}

void StreamClient::begin_exchange(const http::Event& event) {
    const Monotonic now = context_.loop.now();
    // What no exchange was opened for may be asked again elsewhere.
    Exchange* const exchange = context_.draining ? nullptr : context_.open_exchange();
    if (exchange == nullptr && !context_.draining && may_wait()) {
        return postpone_to_next_turn(event.stream);
    }
    waited_ = 0;
    if (exchange == nullptr) {
        if (!context_.draining) context_.recorder.count(Count::out_of_buffers);
        codec_->finish(event.stream);
        return reset(event.stream);
    }
    ++requests_;
    streams_.push_back({event.stream, exchange});
    due(now + listener_->timeouts.front);
    if (!exchange->begin(*this, event.stream, listener_, codec_->head(), event.end, now)) {
        remove(event.stream);
        postponed_ = true;
        --requests_;
        return codec_->read_again(event.stream);
    }
    if (find(event.stream) == exchange && !event.end) codec_->allow(event.stream, exchange->room(Direction::request));
}

void StreamClient::batch_done() {
    for_each([](Exchange& exchange) { exchange.flush(Direction::request); });
}

// Requests that are complete are answered still.
net::Next StreamClient::handle_end_of_input(const http::Event&) {
    ending_ = true;
    for (size_t i = streams_.size(); i-- > 0;) {
        const auto [stream, exchange] = streams_[i];
        if (exchange->request_ended()) continue;
        remove(stream);
        exchange->client_gone(net::CloseReason::peer_closed);
    }
    return rest();
}

net::Next StreamClient::handle_broken() { return net::Close{net::CloseManner::now, net::CloseReason::peer_error}; }

}  // namespace seki::proxy
