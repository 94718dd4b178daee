// The part of an exchange that passes bytes: bodies through the codecs, raw bytes through a pipe, and who is waited for
// meanwhile.

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "proxy/client.h"
#include "proxy/deferred_answer.h"
#include "proxy/exchange.h"

namespace seki::proxy {

namespace {
// A read of so many bytes at once is taken for the beginning of many more.
constexpr size_t bulk_read = 8 * 1024;
}  // namespace

// ---- bodies

Side* Exchange::source(Direction direction) const noexcept {
    return direction == Direction::request ? static_cast<Side*>(client_) : backend_;
}

Side* Exchange::sink(Direction direction) const noexcept {
    return direction == Direction::request ? static_cast<Side*>(backend_) : client_;
}

http::StreamId Exchange::sink_stream(Direction direction) const noexcept {
    return direction == Direction::request ? backend_stream_ : client_stream_;
}

http::StreamId Exchange::source_stream(Direction direction) const noexcept {
    return direction == Direction::request ? client_stream_ : backend_stream_;
}

size_t Exchange::room_for_request() const {
    if (client_ == nullptr || backend_ == nullptr) return 0;
    if (splices_[index(Direction::request)]) return backend_->session().writable() ? 1 : 0;
    return deferred_request_ != nullptr ? 0 : backend_->body_room(backend_stream_);
}

// For what is still to come of it.
void Exchange::make_request_room() {
    if (!request_ended() && !splices_[index(Direction::request)]) backend_->make_body_room(backend_stream_);
}

size_t Exchange::room_for_answer() const {
    if (client_ == nullptr || backend_ == nullptr) return 0;
    if (splices_[index(Direction::response)]) return client_->session().writable() ? 1 : 0;
    if (state_ != State::waiting || mode_ == Mode::tunnel) return client_->body_room(client_stream_);
    return defers_head() ? 0 : client_->head_room();
}

void Exchange::body(Direction direction, std::string_view bytes) {
    active(direction, true);
    if (direction == Direction::request && !accept_body(bytes.size())) return;
    bulk_[index(direction)] = bytes.size() >= bulk_read;
    record_.body_bytes[index(direction)] += bytes.size();
    sink(direction)->send_body(sink_stream(direction), bytes);
}

// Counts bytes of the request's body. False when they are too many, and the exchange has taken the consequences.
bool Exchange::accept_body(uint64_t bytes) {
    if (mode_ == Mode::tunnel) return true;
    keep_pace(bytes);
    request_bytes_ += bytes;
    if (listener_->max_body_bytes == 0 || request_bytes_ <= listener_->max_body_bytes) return true;
    if (state_ == State::waiting) {
        release_backend(false);
        answer({.status = 413, .message = "request body too large", .capacity = listener_->max_body_bytes});
    } else {
        abort(net::CloseReason::protocol_error, "request body too large");
    }
    return false;
}

// Notes that one of the ends did something: gave bytes, or took some.
void Exchange::active(Direction direction, bool gave) noexcept {
    const bool client = (direction == Direction::request) == gave;
    // Who took something may have made it the other's turn.
    const bool both = !gave || mode_ == Mode::tunnel;
    const Monotonic now = context_.loop.now();
    if (client || both) client_activity_ = now;
    if (!client || both) backend_activity_ = now;
}

void Exchange::end(Direction direction, const http::FieldTable* trailers) {
    active(direction, true);
    ended_[index(direction)] = true;
    // Whoever merges trailers into the head would take them for what Seki says there.
    if (direction == Direction::request && listener_->client_fields.any()) trailers = nullptr;
    if (sink(direction) != nullptr) sink(direction)->send_end(sink_stream(direction), trailers);
    if (direction == Direction::response && mode_ == Mode::http) client_->answer_complete();
}

void Exchange::end_of_request(const http::FieldTable* trailers) {
    if (state_ != State::suspended && deferred_request_ == nullptr) return end(Direction::request, trailers);
    ended_[index(Direction::request)] = end_waits_ = true;
}

void Exchange::end_of_answer(const http::FieldTable* trailers) {
    auto* const kept = defers_head() ? std::get_if<DeferredAnswer::BackendHead>(&deferred_->part) : nullptr;
    if (kept == nullptr) return end(Direction::response, trailers);
    kept->ends = true;
}

void Exchange::flush(Direction direction) {
    Side* to = sink(direction);
    if (to == nullptr || !to->session().connected()) return;
    const bool took = to->flush_some();
    if (direction == Direction::request) make_request_room();
    // What went makes room for the others of the connection.
    if (took && to->shared()) to->session().wake();
    check_complete(direction);
}

void Exchange::sink_progress(Direction direction, bool took) {
    Side* const to = sink(direction);
    if (to == nullptr) return;
    if (took) active(direction, false);
    Side* const from = source(direction);
    if (splices_[index(direction)]) {
        move_raw(direction);
        // The budget was used up: the source goes on in its next turn.
        if (from->session().readable() && to->session().writable()) from->session().wake();
        return;
    }
    if (direction == Direction::request && deferred_request_ != nullptr) return begin_deferred_request();
    if (direction == Direction::request) make_request_room();
    if (direction == Direction::response && deferred_ != nullptr) return answer_further();
    if (from != nullptr && !ended_[index(direction)]) grant_credit(direction, *from);
    check_complete(direction);
}

// The sink may have room again for a source that waited for it. One stream of many waits while its connection does not.
void Exchange::grant_credit(Direction direction, Side& from) {
    const bool one_of_many = direction == Direction::request ? client_->shared() : backend_->shared();
    if (!from.waits_for_room() && !one_of_many) return;
    const size_t free = direction == Direction::request ? room_for_request() : room_for_answer();
    if (free == 0) return;
    if (direction == Direction::request) return client_->grant_credit(client_stream_, free);
    // Credit that nothing waited for is no sign of anything: with it a client could have its backend waited for for
    // ever.
    if (backend_->grant_credit(backend_stream_, free)) active(direction, false);
}

// What an end that was passed on, or the last byte that was sent, means for the exchange.
void Exchange::check_complete(Direction direction) {
    if (!ended_[index(direction)] || splices_[index(direction)]) return;
    if (direction == Direction::request) {
        if (mode_ == Mode::tunnel && backend_->delivered(backend_stream_)) end_tunnel_direction(direction);
        return;
    }
    if (client_->delivered()) return mode_ == Mode::tunnel ? end_tunnel_direction(direction) : finish();
    if (mode_ == Mode::tunnel || state_ != State::answering) return;
    // All of the answer is ours: the backend need not wait for a slow client.
    enter(State::draining);
    release_backend(request_ended());
    if (!request_ended()) client_->resume();  // it drops the rest
}

bool Exchange::answer_delivered() const noexcept {
    return answer_ended() && !splices_[index(Direction::response)] && client_->all_sent();
}

void Exchange::end_tunnel_direction(Direction direction) {
    if (direction == Direction::request) backend_->end_output(backend_stream_);
    if (direction == Direction::response) {
        client_->end_output();
        if (backend_->session().write_failed()) backend_->session().wake();
    }
    // What the other direction has in its pipe is still on its way.
    const bool both = ended_[0] && ended_[1] && !splices_[0] && !splices_[1] && client_->delivered() &&
                      backend_->delivered(backend_stream_);
    if (!both) return;
    release_backend(false);
    Client& client = *client_;
    retire(client.shared());
    client.give_up(net::CloseManner::flush, net::CloseReason::finished);
}

void Exchange::finish() {
    release_backend(request_ended());
    retire(true);
}

// ---- raw bytes

// Both ends are plain sockets, nothing waits between them, and enough is to come that a pipe pays.
bool Exchange::raw_path(Direction direction) const {
    Side* from = source(direction);
    Side* to = sink(direction);
    if (from == nullptr || to == nullptr || ended_[index(direction)]) return false;
    if (mode_ == Mode::http && direction == Direction::response && state_ != State::answering) return false;
    const uint64_t coming = from->codec().incoming_raw(source_stream(direction));
    if (coming < context_.settings.splice_threshold || to->codec().outgoing_raw(sink_stream(direction)) < coming)
        return false;
    // A tunnel has no length: what shows that it carries bulk is a read that filled the buffer.
    if (coming == UINT64_MAX && !bulk_[index(direction)]) return false;
    return from->session().transport().plain_fd() >= 0 && to->session().transport().plain_fd() >= 0 &&
           to->session().connected() && to->all_sent();
}

bool Exchange::move_raw(Direction direction) {
    auto& splice = splices_[index(direction)];
    if (!splice) {
        if (!raw_path(direction)) return false;
        auto pipe = context_.pipes.take();
        if (!pipe) return false;
        if (direction == Direction::request) backend_->release_hold(backend_stream_);
        splice.emplace(context_.pipes, std::move(*pipe));
    }
    Side& from = *source(direction);
    Side& to = *sink(direction);
    const uint64_t limit = ended_[index(direction)] ? 0 : from.codec().incoming_raw(source_stream(direction));
    const auto progress = splice->move(from.session(), to.session(), limit, Context::splice_budget);
    // A tunnel that gave little after all goes back to buffers, where little costs less.
    if (mode_ == Mode::tunnel) bulk_[index(direction)] = progress.taken >= bulk_read || progress.given >= bulk_read;
    if (progress.taken > 0) active(direction, true);
    if (progress.taken > 0 && direction == Direction::request && mode_ == Mode::http) keep_pace(progress.taken);
    if (progress.given > 0) active(direction, false);
    to.codec().sent_raw(sink_stream(direction), progress.given);
    spliced(direction, progress);
    return true;
}

void Exchange::spliced(Direction direction, const net::SpliceTransfer::Progress& progress) {
    auto& splice = splices_[index(direction)];
    Side& from = *source(direction);
    if (progress.sink_broken) {
        splice.reset();
        // A backend that reads no more may have answered: that is still to be read. A client that takes no more is
        // gone.
        sink(direction)->session().write_broke();
        if (direction == Direction::response)
            client_->session().close(net::CloseManner::now, net::CloseReason::peer_error);
        return;
    }
    bool complete = progress.taken > 0 && from.codec().take_raw(source_stream(direction), progress.taken);
    if (progress.end || progress.broken) {
        const http::Event event = from.codec().next_at_end_of_input();
        if (progress.broken || event.kind != http::Event::Kind::end) {
            splice.reset();
            from.session().close(net::CloseManner::now, net::CloseReason::peer_error);
            return;
        }
        complete = true;
    }
    if (complete) ended_[index(direction)] = true;
    if (complete && client_->session().end_reported()) client_->session().wake();  // its time as a silent client begins
    const bool empty = splice->held() == 0;
    if (!ended_[index(direction)]) {
        // Idle with an empty pipe: the pipe serves others meanwhile.
        if (empty && mode_ == Mode::tunnel && !from.session().readable()) splice.reset();
        return;
    }
    if (!empty) return;
    splice.reset();
    sink(direction)->send_end(sink_stream(direction), nullptr);
    if (direction == Direction::response && mode_ == Mode::http) client_->answer_complete();
    check_complete(direction);
}

// ---- time

// It is the client that is waited for: for bytes of its request that the backend would take, or until it took what is
// there of the answer. On a shared connection that may be the answer of others, and StreamClient sees to it.
bool Exchange::waiting_on_client() const noexcept {
    if (state_ == State::suspended) return false;
    const auto& [request, response] = splices_;
    if (client_->shared() && state_ == State::answering && client_->withholds_credit(client_stream_)) return true;
    if (!client_->shared() && (!client_->all_sent() || (response && response->held() > 0))) return true;
    if (request_ended() || awaits_continue_) return false;
    if (backend_ == nullptr) return true;
    return deferred_request_ == nullptr && backend_->delivered(backend_stream_) &&
           !backend_->withholds_credit(backend_stream_) && !(request && request->held() > 0);
}

void Exchange::restart_pace(Monotonic now) noexcept {
    if (mode_ == Mode::http && !waiting_on_client()) pace_.restart(now);
}

std::optional<Monotonic> Exchange::idle_until(Monotonic now) const {
    const Duration limit = mode_ == Mode::tunnel ? timeouts().of_tunnel() : timeouts().front;
    if (mode_ == Mode::http && !waiting_on_client()) {
        const Monotonic until = now + (pace_.limited() && takes_body() ? BodyPace::grace : limit);
        const auto gone = gone_at();
        if (!gone) return until;
        if (*gone <= now) return std::nullopt;
        return std::min(*gone, until);
    }
    Monotonic until = client_activity_ + limit;
    if (mode_ == Mode::http && pace_.limited() && takes_body()) until = std::min(until, pace_.due());
    if (until > now) return until;
    return std::nullopt;
}

std::optional<Monotonic> Exchange::backend_due(Monotonic now, Duration limit) const {
    // A tunnel has one time for both ends, which the client's deadline keeps.
    if (mode_ == Mode::tunnel || waiting_on_client()) return now + limit;
    const Monotonic until = backend_activity_ + limit;
    if (until > now) return until;
    return std::nullopt;
}

std::optional<Monotonic> Exchange::gone_at() const noexcept {
    const auto since = client_->half_closed_since();
    const auto limit = timeouts().half_close;
    if (!since || !limit || mode_ == Mode::tunnel || !request_ended() || waiting_on_client()) return std::nullopt;
    return std::max({*since, client_activity_, backend_activity_}) + *limit;
}

void Exchange::client_late() {
    if (gone_at()) {
        record_.abandoned = true;
        return abort(net::CloseReason::peer_closed, "client_half_close_timeout");
    }
    if (state_ == State::waiting && mode_ == Mode::http) {
        release_backend(false);
        Reply late{.status = 408, .message = "client_timeout"};
        const bool silent = context_.loop.now() >= client_activity_ + timeouts().front;  // else it was too slow
        if (silent) late.duration = timeouts().front;
        return answer(late);
    }
    abort(net::CloseReason::idle, mode_ == Mode::tunnel ? "idle" : "client_timeout_during_response");
}

void Exchange::client_fault(http::Fault fault) {
    if (state_ == State::waiting) {
        release_backend(false);
        return answer({http::status_for(fault), http::describe(fault).data()});
    }
    abort(net::CloseReason::protocol_error, http::describe(fault).data());
}

}  // namespace seki::proxy
