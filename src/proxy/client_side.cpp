#include "proxy/client_side.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "proxy/answers.h"
#include "proxy/exchange.h"
#include "proxy/raw_codec.h"

namespace seki::proxy {

namespace {

constexpr std::string_view no_buffers = "no buffers";
// Of pipelined requests that Seki answers by itself, so many are before it is the turn of others.
constexpr uint8_t most_begun = 16;

}  // namespace

ClientSide::ClientSide(net::Session& session, Context& context, ListenerPtr listener,
                       std::unique_ptr<http::SingleStreamServerCodec> codec, http::Scheme scheme)
    : Client(session, context, std::move(listener), std::move(codec), scheme) {
    const Timeouts& timeouts = listener_->timeouts;
    session.deadline(context.loop.now() + (listener_->kind == Listener::Kind::tcp ? timeouts.front : timeouts.request));
}

ClientSide::~ClientSide() { SEKI_CHECK(exchange_ == nullptr); }

// ---- for the exchange

void ClientSide::exchange_ended(http::StreamId stream, bool reusable) {
    exchange_ = nullptr;
    session_.unsent().reset();
    asks_to_switch_ = false;
    // An answer that came before the end of its request ends the connection: what is left of the request is not worth
    // reading.
    if (!reusable || !codec_->request_complete(stream) || !codec_->persistent()) ending_ = true;
    if (!ending_) {
        codec_->finish(stream);
        session_.deadline(context_.loop.now() + listener_->timeouts.front);
    }
    if (ending_ || has_unread() || session_.readable() || !session_.watched() || leaving() ||
        context_.clients_at_rest != nullptr)
        session_.wake();
}

void ClientSide::become_tunnel(http::StreamId) {
    codec_ = std::make_unique<RawServerCodec>();
    speak(*codec_);
    asks_to_switch_ = false;
}

void ClientSide::end_output() { session_.shutdown_write(); }

// ---- Protocol

net::Next ClientSide::on_ready(net::Session& session) {
    postponed_ = false;
    begun_ = 0;
    const bool took = flush_some();
    if (session.write_failed()) return net::Close{net::CloseManner::now, net::CloseReason::peer_error};
    if (exchange_ != nullptr && exchange_->suspended()) exchange_->resume();
    if (exchange_ != nullptr) exchange_->sink_progress(Direction::response, took);
    if (listener_->kind == Listener::Kind::tcp && exchange_ == nullptr && !ending_) return begin_tunnel();
    if (!ending_) {
        const net::Next next = pump();
        if (!std::holds_alternative<net::Stay>(next)) return net::Next(std::get<net::Close>(next));
    }
    if (ignores_input() && !drop_input()) return handle_broken();
    return session.end_reported() ? heed_hang_up() : rest();
}

bool ClientSide::ignores_input() const noexcept {
    return exchange_ != nullptr && (ending_ || !(exchange_->request_ended() || exchange_->takes_body()));
}

// A client that sends everything before it takes anything would never come to its answer.
bool ClientSide::drop_input() {
    input_dropped_ = true;
    session_.unread().reset();
    if (paused()) return true;
    const net::IoOutcome got = session_.discard(Context::read_budget);
    dropped_ += got.bytes;
    return got.stop != net::IoOutcome::Stop::error;
}

// While nothing is to be read no read tells that the client has gone.
net::Next ClientSide::heed_hang_up() {
    if (lost()) return handle_broken();
    note_half_close();
    const auto gone = exchange_ != nullptr ? exchange_->gone_at() : std::nullopt;
    if (gone) session_.deadline(std::min(*gone, session_.Timer::deadline()));
    return rest();
}

// Much time is for those who are in the middle of a request, and not for those who were late with its head.
net::Lingering ClientSide::lingering() const noexcept {
    if (late_ || codec_->request_complete(0)) return {};
    net::Lingering left = listener_->lingering;
    left.bytes -= std::min(left.bytes, dropped_);
    return left;
}

// What is left to do when there is nothing to read for now.
net::Next ClientSide::rest() {
    if (exchange_ != nullptr || postponed_) return net::Stay{};
    if (ending_) return orderly_close();
    if (has_unread()) {
        // The rest of a head is due within the time for a whole one, counted from its first byte.
        if (!head_began_) {
            head_began_ = true;
            first_byte_ = context_.loop.now();
            session_.deadline(first_byte_ + listener_->timeouts.request);
        }
        return net::Stay{};
    }
    if (leaving()) return net::Close{net::CloseManner::now, reason_to_leave()};
    if (context_.clients_at_rest != nullptr) context_.clients_at_rest->at_rest(session_.id());
    return net::Stay{};
}

bool ClientSide::at_rest() const noexcept {
    const bool between_requests = exchange_ == nullptr && !head_began_ && !ending_ && !postponed_;
    return listener_->kind == Listener::Kind::http && between_requests && !has_unread() && !session_.has_unsent() &&
           !session_.readable() && !session_.end_reported();
}

void ClientSide::go_on_after(SoFar so_far) {
    requests_ = so_far.requests;
    source_limits_ = std::move(so_far.source_limits);
    const Timeouts& timeouts = listener_->timeouts;
    session_.deadline(context_.loop.now() - so_far.idle + (requests_ == 0 ? timeouts.request : timeouts.front));
}

ClientSide::Carried ClientSide::carried() const {
    Carried carried{.requests = requests_,
                    .answer_at = answer_at_,
                    .dropped = dropped_,
                    .ending = ending_,
                    .input_dropped = input_dropped_,
                    .asks_to_switch = asks_to_switch_,
                    .nothing_follows = follows_nothing(),
                    .half_closed = std::nullopt};
    if (const auto since = half_closed_since()) carried.half_closed = context_.loop.now() - *since;
    return carried;
}

void ClientSide::go_on_in(Exchange& exchange, const Carried& carried, SourceLimits source_limits) {
    exchange_ = &exchange;
    source_limits_ = std::move(source_limits);
    requests_ = carried.requests;
    answer_at_ = carried.answer_at;
    dropped_ = carried.dropped;
    ending_ = carried.ending;
    input_dropped_ = carried.input_dropped;
    asks_to_switch_ = carried.asks_to_switch;
    if (carried.nothing_follows) nothing_follows();
    if (carried.half_closed) half_closed_since_ = context_.loop.now() - *carried.half_closed;
}

net::Close ClientSide::orderly_close() const {
    // Closing while the client may be sending would reset the connection and could eat the answer.
    const bool may_send =
        input_dropped_ || session_.unread() != nullptr || session_.readable() || !codec_->request_complete(0);
    return net::Close{may_send ? net::CloseManner::linger : net::CloseManner::flush,
                      context_.draining ? net::CloseReason::stopping : net::CloseReason::finished};
}

net::Next ClientSide::on_deadline(net::Session& session) {
    const Monotonic now = context_.loop.now();
    if (exchange_ != nullptr) exchange_->restart_pace(now);
    if (exchange_ != nullptr && !session.watched()) {
        session.want_watch();
        session.deadline(exchange_->idle_until(now).value_or(now));
        return net::Stay{};
    }
    if (exchange_ != nullptr) {
        if (const auto again = exchange_->idle_until(now)) {
            session.deadline(*again);
            return net::Stay{};
        }
        exchange_->client_late();
        // It may still be there, with the answer that says so: the client has the usual time to take it.
        if (exchange_ != nullptr) session.deadline(now + listener_->timeouts.front);
        return rest();
    }
    if (head_began_ || requests_ == 0) {
        late_ = true;
        context_.recorder.count(Count::request_timeouts);
        if (head_began_ && refuse_by_exchange(408, "request_timeout")) return end_after_answer();
        if (head_began_) answer_without_exchange(408);
        return net::Close{net::CloseManner::linger, net::CloseReason::timeout};
    }
    return net::Close{net::CloseManner::now, net::CloseReason::idle};
}

void ClientSide::on_close(net::Session& session, net::CloseReason reason) {
    let_go();
    if (exchange_ == nullptr) return;
    if (exchange_->cuts_off()) session.transport().reset_on_close();
    std::exchange(exchange_, nullptr)->client_gone(reason);
}

Concern ClientSide::concern_with(const SessionsOf& sessions) {
    if (exchange_ == nullptr) return belonged_to(sessions) ? Concern::idle : Concern::none;
    if (!exchange_->is_of(sessions)) return Concern::none;
    return exchange_->tunnel() ? Concern::tunnel : Concern::request;
}

// The deadline of an idle connection is that of its last request, or of its beginning, and tells when that was.
std::optional<Monotonic> ClientSide::idle_since(const net::Session& session) const {
    if (exchange_ != nullptr || head_began_ || ending_ || postponed_ || session.readable()) return std::nullopt;
    return session.Timer::deadline() - (requests_ == 0 ? listener_->timeouts.request : listener_->timeouts.front);
}

void ClientSide::describe(std::string& line) const {
    line += fmt::format("requests={} ", requests_);
    if (exchange_ != nullptr) return exchange_->describe(line);
    line += ending_ ? "ending" : head_began_ ? "reading a head" : "idle";
}

size_t ClientSide::input_room() const {
    if (ending_ || postponed_) return 0;
    if (exchange_ == nullptr) return context_.scratch.size() - Context::edit_room;
    if (exchange_->request_ended()) return 0;
    return exchange_->room_for_request();
}

size_t ClientSide::window() const { return exchange_ == nullptr && !ending_ ? SIZE_MAX : input_room(); }

std::optional<net::Next> ClientSide::handle(const http::Event& event) {
    using Kind = http::Event::Kind;
    switch (event.kind) {
        case Kind::head:
            return begin_exchange(event);
        case Kind::body:
            exchange_->body(Direction::request, event.body);
            if (event.end && exchange_ != nullptr) exchange_->end(Direction::request, nullptr);
            break;
        case Kind::end:
            exchange_->end(Direction::request, &codec_->trailers());
            break;
        case Kind::reset:
            std::exchange(exchange_, nullptr)->client_gone(net::CloseReason::peer_closed);
            break;
        case Kind::fault:
            return refuse(event.fault);
        case Kind::need_more:
        case Kind::blocked:
        case Kind::interim:
        case Kind::window:
            SEKI_CHECK(false);
    }
    if (ending_) return orderly_close();
    return std::nullopt;
}

std::optional<net::Next> ClientSide::begin_exchange(const http::Event& event) {
    const bool gives_way = std::exchange(had_its_turn_, false) && context_.others_wait();
    if (!gives_way && begun_ < most_begun) exchange_ = context_.open_exchange();
    // Of those that have begun, some have ended in this turn: in the next there is room.
    if (exchange_ == nullptr && (gives_way || begun_ > 0 || wait_a_turn())) {
        had_its_turn_ = begun_ > 0;
        postpone_to_next_turn();
        return std::nullopt;
    }
    ++begun_;
    ++requests_;
    waited_ = 0;
    const Monotonic now = context_.loop.now();
    const Monotonic first_byte = head_began_ ? first_byte_ : now;
    head_began_ = false;
    if (exchange_ == nullptr) return refuse_for_lack();
    asks_to_switch_ = codec_->head().asks_to_switch;
    // What follows is meant for a tunnel that does not come (RFC 9110 §9.3.6).
    if (codec_->head().method == http::Method::connect) ending_ = input_dropped_ = true;
    session_.deadline(now + (session_.watched() ? listener_->timeouts.front : Context::unwatched_limit));
    exchange_->begin(*this, event.stream, listener_, codec_->head(), event.end, first_byte);
    if (ending_ && exchange_ == nullptr) return orderly_close();
    return std::nullopt;
}

// The request at hand shall come again.
void ClientSide::postpone_to_next_turn() {
    postponed_ = true;
    static_cast<http::SingleStreamServerCodec&>(*codec_).repeat_head();
    session_.wake();
}

// Of the request whose head was read last.
net::Close ClientSide::refuse_for_lack() {
    context_.recorder.count(Count::out_of_buffers);
    context_.recorder.refused(session_, *listener_, 503, no_buffers, &codec_->head());
    answer_without_exchange(503, codec_->head().method == http::Method::head);
    return {net::CloseManner::linger, net::CloseReason::no_resources};
}

std::optional<net::Next> ClientSide::refuse(http::Fault fault) {
    context_.recorder.count(Count::client_faults);
    if (exchange_ != nullptr) {
        exchange_->client_fault(fault);
        return end_after_answer();
    }
    head_began_ = false;
    const uint16_t status = http::status_for(fault);
    if (refuse_by_exchange(status, http::describe(fault).data())) return end_after_answer();
    context_.recorder.refused(session_, *listener_, status, http::describe(fault));
    answer_without_exchange(status);
    return net::Close{net::CloseManner::linger, net::CloseReason::protocol_error};
}

bool ClientSide::refuse_by_exchange(uint16_t status, const char* message) {
    constexpr http::StreamId only_stream = 1;
    if (listener_->answers.find(status) == nullptr) return false;
    exchange_ = context_.open_exchange();
    if (exchange_ == nullptr) return false;
    head_began_ = false;
    session_.deadline(context_.loop.now() + listener_->timeouts.front);
    exchange_->refuse(*this, only_stream, listener_, status, message);
    return true;
}

// Nothing more is read, and the connection ends when the client has taken what it was told.
net::Next ClientSide::end_after_answer() {
    ending_ = true;
    if (exchange_ != nullptr) return net::Stay{};
    return orderly_close();
}

// A last answer that needs no large buffer: nothing else waits to be sent on this connection.
void ClientSide::answer_without_exchange(uint16_t status, bool head_only) {
    if (session_.has_unsent()) return;
    context_.recorder.count_status(status);
    std::string_view answer = bare_answer(status);
    if (head_only) answer = answer.substr(0, answer.find("\r\n\r\n") + 4);
    answer.remove_prefix(session_.write(answer));
    if (answer.empty()) return;
    session_.unsent() = context_.buffers.acquire_small();
    if (session_.unsent() != nullptr) session_.unsent()->append(answer);
}

net::Next ClientSide::begin_tunnel() {
    exchange_ = context_.open_exchange();
    if (exchange_ == nullptr && wait_a_turn()) {
        session_.wake();
        return net::Stay{};
    }
    ++requests_;
    if (exchange_ == nullptr) {
        context_.recorder.count(Count::out_of_buffers);
        context_.recorder.refused(session_, *listener_, 0, no_buffers);
        return net::Close{net::CloseManner::now, net::CloseReason::no_resources};
    }
    exchange_->begin_tunnel(*this, listener_);
    if (exchange_ == nullptr) return net::Close{net::CloseManner::now, net::CloseReason::finished};
    return pump();
}

void ClientSide::batch_done() {
    if (exchange_ != nullptr) exchange_->flush(Direction::request);
}

net::Next ClientSide::handle_end_of_input(const http::Event& event) {
    if (exchange_ != nullptr) {
        if (event.kind == http::Event::Kind::end) {
            exchange_->end(Direction::request, nullptr);
            if (exchange_ != nullptr) exchange_->flush(Direction::request);
            return net::Stay{};
        }
        // The request will never be complete.
        return net::Close{net::CloseManner::now, net::CloseReason::peer_closed};
    }
    return net::Close{net::CloseManner::now, net::CloseReason::peer_closed};
}

net::Next ClientSide::handle_broken() { return net::Close{net::CloseManner::now, net::CloseReason::peer_error}; }

// Requests that were pipelined behind the one that runs may be asked again on another connection (RFC 9112 §9.3.2).
net::Next ClientSide::drop_pipelined_input() {
    if (postponed_) return refuse_for_lack();  // it cannot be kept until it may come again
    context_.recorder.count(Count::out_of_buffers);
    // Answers may be on their way still.
    if (exchange_ == nullptr) return net::Close{net::CloseManner::linger, net::CloseReason::no_resources};
    if (!ignores_input() && (!exchange_->request_ended() || exchange_->may_upgrade())) return out_of_memory;
    ending_ = input_dropped_ = true;
    return net::Stay{};
}

bool ClientSide::move_raw() { return exchange_ != nullptr && !has_unread() && exchange_->move_raw(Direction::request); }

}  // namespace seki::proxy
