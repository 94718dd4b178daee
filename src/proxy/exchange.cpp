#include "proxy/exchange.h"

#include <algorithm>
#include <utility>

#include "base/check.h"
#include "http/h1/client_codec.h"
#include "proxy/answers.h"
#include "proxy/client_side.h"
#include "proxy/forwarding.h"
#include "proxy/raw_codec.h"

namespace seki::proxy {

namespace {
// A read of so many bytes at once is taken for the beginning of many more.
constexpr size_t bulk_read = 8 * 1024;
}  // namespace

Exchange::Exchange(SlabId id, Context& context) : id_(id), context_(context) {}

Exchange::~Exchange() { SEKI_CHECK(client_ == nullptr && backend_ == nullptr); }

void Exchange::enter(State next) {
    switch (next) {
        case State::routing:
            SEKI_CHECK(false);
            break;
        case State::waiting:
            SEKI_CHECK(state_ == State::routing);
            break;
        case State::answering:
            SEKI_CHECK(state_ == State::routing || state_ == State::waiting);
            break;
        case State::draining:
            SEKI_CHECK(state_ == State::answering);
            break;
        case State::retired:
            SEKI_CHECK(state_ != State::retired);
            break;
    }
    state_ = next;
}

// --- beginning
// ---------------------------------------------------------------------------------------------------------

void Exchange::begin(ClientSide& client, http::StreamId stream, ListenerPtr listener, http::RequestHead& head, bool end,
                     Monotonic first_byte) {
    client_ = &client;
    client_stream_ = stream;
    listener_ = std::move(listener);
    ended_[index(Direction::request)] = end;
    idempotent_ = http::idempotent(head.method);
    upgrade_asked_ = !head.upgrade.empty();
    client_activity_ = backend_activity_ = context_.loop.now();
    record_.begin(context_, client.session(), first_byte);
    record_.note_request(context_.buffers, head);

    if (head.method == http::Method::connect) return answer(405, "CONNECT is not served");
    const FrontendPtr* found = listener_->routes->http.find(head.host, head.path, head.method_text);
    if (found == nullptr) return answer(404, "no frontend");
    frontend_ = *found;
    if (frontend_->cluster == nullptr) return answer(401, "frontend denies");

    BackendSide* side = connect();
    if (side == nullptr) return answer(503, "no backend");
    backend_ = side;
    ForwardedFields fields;
    fields.add(head, *listener_, client.session().peer(), record_.request_id);
    const auto written = side->send_head(head, fields.added());
    if (!written) {
        release_backend(false);
        return answer(431, "request head too large to be forwarded");
    }
    backend_stream_ = *written;
    enter(State::waiting);
}

void Exchange::begin_tunnel(ClientSide& client, ListenerPtr listener) {
    mode_ = Mode::tunnel;
    client_ = &client;
    client_stream_ = backend_stream_ = RawServerCodec::stream;
    listener_ = std::move(listener);
    frontend_ = listener_->routes->tunnel;
    client_activity_ = backend_activity_ = context_.loop.now();
    record_.begin(context_, client.session(), client_activity_);
    backend_ = frontend_ != nullptr && frontend_->cluster != nullptr ? connect() : nullptr;
    if (backend_ == nullptr) return abort(net::CloseReason::no_resources, "no backend");
    enter(State::waiting);
}

// --- the backend
// -------------------------------------------------------------------------------------------------------

BackendSide* Exchange::connect() {
    backend::Cluster& cluster = *frontend_->cluster;
    while (attempts_ < max_attempts) {
        chosen_ = cluster.next(context_.loop.now(), std::span(tried_).first(attempts_));
        if (chosen_ == nullptr) return nullptr;
        if (mode_ == Mode::http && !fresh_only_) {
            if (net::Session* idle = context_.pool.take(*chosen_)) {
                context_.recorder.count(Count::pool_hits);
                auto* side = static_cast<BackendSide*>(idle->protocol());
                side->attach(*this, listener_->timeouts.back);
                return side;
            }
        }
        if (BackendSide* side = dial()) return side;
    }
    return nullptr;
}

// A new connection to the chosen backend; null when it could not even begin.
BackendSide* Exchange::dial() {
    context_.recorder.count(Count::pool_misses);
    auto transport = context_.connector.connect(chosen_->address);
    if (!transport) {
        context_.recorder.connect_failed(*chosen_, transport.error().error);
        if (!transport.error().local()) chosen_->backoff.failed(context_.loop.now(), context_.random);
        tried_[attempts_++] = chosen_;
        return nullptr;
    }
    net::Session* session = context_.sessions.open(net::Session::Side::backend, std::move(transport->transport),
                                                   chosen_->address, transport->connected);
    if (session == nullptr) {
        attempts_ = max_attempts;
        return nullptr;
    }
    std::unique_ptr<http::ClientCodec> codec;
    if (mode_ == Mode::http)
        codec = std::make_unique<http::h1::ClientCodec>(context_.heads, context_.settings.head_limits);
    if (mode_ == Mode::tunnel) codec = std::make_unique<RawClientCodec>();
    auto side =
        std::make_unique<BackendSide>(*session, context_, chosen_, std::move(codec), listener_->timeouts.connect);
    BackendSide* attached = side.get();
    attached->attach(*this, listener_->timeouts.back);
    record_.connecting(context_.loop.now());
    session->start(std::move(side));
    return attached;
}

void Exchange::connected() {
    backend_activity_ = context_.loop.now();
    record_.connected(backend_activity_);
    if (chosen_->backoff.succeeded()) context_.recorder.backend_up(*chosen_);
}

bool Exchange::may_retry(const BackendLoss& loss) const noexcept {
    if (state_ != State::waiting || attempts_ >= max_attempts) return false;
    if (mode_ == Mode::tunnel)
        return loss.kind == BackendLoss::Kind::refused || loss.kind == BackendLoss::Kind::connect_timeout;
    // RFC 9112 §9.3.1: what was sent may be sent again only if that cannot change anything.
    return loss.held.has_value() && (idempotent_ || !loss.written) && loss.kind != BackendLoss::Kind::timeout &&
           loss.kind != BackendLoss::Kind::fault;
}

void Exchange::backend_gone(BackendLoss loss) {
    using Kind = BackendLoss::Kind;
    backend_ = nullptr;
    const bool never_connected = loss.kind == Kind::refused || loss.kind == Kind::connect_timeout;
    if (never_connected) {
        context_.recorder.connect_failed(*chosen_, loss.kind == Kind::refused ? ECONNREFUSED : ETIMEDOUT);
        if (chosen_->backoff.failed(context_.loop.now(), context_.random)) context_.recorder.backend_down(*chosen_);
    }
    // A connection from the pool that was stale says nothing about its backend; the next one shall be new.
    if (loss.reused) fresh_only_ = true;
    if (may_retry(loss)) return try_another(std::move(loss));

    if (state_ != State::waiting) return abort(net::CloseReason::peer_error, "backend ended within its answer");
    if (mode_ == Mode::tunnel) return abort(net::CloseReason::peer_error, "backend is gone");
    switch (loss.kind) {
        case Kind::refused:
        case Kind::connect_timeout:
        case Kind::no_resources:
            return answer(503, "no backend could be reached");
        case Kind::timeout:
            return answer(504, "backend_timeout");
        case Kind::fault:
            return answer(502, http::describe(loss.fault).data());
        case Kind::closed:
            return answer(502, "backend closed without an answer");
    }
}

void Exchange::try_another(BackendLoss loss) {
    context_.recorder.count(Count::retries);
    if (loss.reused) {
        ++attempts_;
        tried_[attempts_ - 1] = nullptr;
    } else {
        tried_[attempts_++] = chosen_;
    }
    backend_ = connect();
    if (backend_ == nullptr) {
        context_.recorder.count(Count::retries_exhausted);
        if (mode_ == Mode::tunnel) return abort(net::CloseReason::peer_error, "no backend could be reached");
        return answer(503, "no backend could be reached");
    }
    if (loss.held) backend_->adopt(std::move(*loss.held));
    if (!request_ended()) client_->resume();
}

void Exchange::release_backend(bool reusable) {
    splices_[index(Direction::request)].reset();
    splices_[index(Direction::response)].reset();
    if (backend_ == nullptr) return;
    // A tunnel's backend must not take what was cut off for all there was.
    const bool cut = mode_ == Mode::tunnel && !(request_ended() && backend_->all_sent());
    std::exchange(backend_, nullptr)->detach(reusable, cut ? net::CloseManner::reset : net::CloseManner::now);
}

// --- the answer
// --------------------------------------------------------------------------------------------------------

void Exchange::interim(const http::ResponseHead& head) {
    backend_activity_ = context_.loop.now();
    client_->send_interim(client_stream_, head);
}

void Exchange::answer_head(http::ResponseHead& head, bool end) {
    backend_activity_ = context_.loop.now();
    record_.answered(head.status, backend_activity_);
    const bool switching = head.status == 101;
    // RFC 9110 §7.8: not without being asked, and not before the request is complete.
    if (switching && !(upgrade_asked_ && request_ended())) {
        release_backend(false);
        return answer(502, "backend switched protocols out of turn");
    }
    char id[Ulid::text_size];
    record_.request_id.write(id);
    const http::AddedField added[] = {{listener_->id_header, {id, sizeof id}}};
    if (!client_->send_head(client_stream_, head, added, context_.draining)) {
        release_backend(false);
        return answer(502, "head of the answer too large");
    }
    enter(State::answering);
    if (switching) return become_tunnel();
    if (end) this->end(Direction::response, nullptr);
}

void Exchange::become_tunnel() {
    mode_ = Mode::tunnel;
    ended_ = {};
    client_->become_raw();
    backend_->become_raw();
    client_stream_ = backend_stream_ = RawServerCodec::stream;
    client_->resume();
}

void Exchange::answer(uint16_t status, const char* message) {
    record_.answered(status, context_.loop.now());
    record_.message = message;
    record_.own_answer = true;
    enter(State::answering);
    const bool close = context_.draining || !request_ended();
    OwnAnswer own(context_.own_head, status, record_.request_id, listener_->id_header);
    if (!client_->send_head(client_stream_, own.head(), own.added(), close)) {
        return abort(net::CloseReason::no_resources, message);
    }
    client_->send_body(client_stream_, own.body());
    end(Direction::response, nullptr);
    flush(Direction::response);
}

void Exchange::abort(net::CloseReason reason, const char* message) {
    record_.message = message;
    record_.failed = true;
    release_backend(false);
    net::Session& session = client_->session();
    const bool cut = cuts_off();
    retire(false);
    session.close(cut ? net::CloseManner::reset : net::CloseManner::now, reason);
}

// --- bodies
// ------------------------------------------------------------------------------------------------------------

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

size_t Exchange::room(Direction direction) {
    if (sink(direction) == nullptr || source(direction) == nullptr) return 0;
    const auto& splice = splices_[index(direction)];
    if (splice) return sink(direction)->session().writable() ? 1 : 0;
    if (direction == Direction::request) return backend_->make_body_room(backend_stream_);
    if (state_ != State::waiting || mode_ == Mode::tunnel) return client_->body_room(client_stream_);
    // The head is still to come: it gets a buffer of its own, when interim answers before it have gone.
    return client_->all_sent() ? context_.buffers.buffer_size() - Context::edit_room : 0;
}

void Exchange::body(Direction direction, std::string_view bytes) {
    active(direction, true);
    bulk_[index(direction)] = bytes.size() >= bulk_read;
    sink(direction)->send_body(sink_stream(direction), bytes);
}

// Notes that one of the ends did something: gave bytes, or took some.
void Exchange::active(Direction direction, bool gave) noexcept {
    const bool client = (direction == Direction::request) == gave;
    const Monotonic now = context_.loop.now();
    if (client || mode_ == Mode::tunnel) client_activity_ = now;
    if (!client || mode_ == Mode::tunnel) backend_activity_ = now;
}

void Exchange::end(Direction direction, const http::FieldTable* trailers) {
    active(direction, true);
    ended_[index(direction)] = true;
    if (sink(direction) != nullptr) sink(direction)->send_end(sink_stream(direction), trailers);
    if (direction == Direction::response && mode_ == Mode::http) client_->answer_complete();
}

void Exchange::flush(Direction direction) {
    Side* to = sink(direction);
    if (to == nullptr || !to->session().connected()) return;
    to->flush();
    settle(direction);
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
    if (from != nullptr && from->waits_for_room() && room(direction) > 0) from->resume();
    settle(direction);
}

// What an end that was passed on, or the last byte that was sent, means for the exchange.
void Exchange::settle(Direction direction) {
    if (!ended_[index(direction)]) return;
    Side* to = sink(direction);
    if (splices_[index(direction)]) return;
    if (!to->all_sent()) {
        if (direction == Direction::response && mode_ == Mode::http && state_ == State::answering) {
            // All of the answer is ours: the backend need not wait for a slow client.
            enter(State::draining);
            release_backend(request_ended());
        }
        return;
    }
    if (mode_ == Mode::tunnel) return settle_tunnel(direction);
    if (direction == Direction::response) finish();
}

void Exchange::settle_tunnel(Direction direction) {
    if (direction == Direction::request) backend_->end_output();
    if (direction == Direction::response) client_->end_output();
    const bool both = ended_[0] && ended_[1] && client_->all_sent() && backend_->all_sent();
    if (!both) return;
    release_backend(false);
    net::Session& session = client_->session();
    retire(false);
    session.close(net::CloseManner::flush, net::CloseReason::finished);
}

void Exchange::finish() {
    release_backend(request_ended());
    retire(true);
}

// --- raw bytes
// ---------------------------------------------------------------------------------------------------------

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
        if (direction == Direction::request) backend_->release_hold();
        splice.emplace(context_.pipes, std::move(*pipe));
    }
    Side& from = *source(direction);
    Side& to = *sink(direction);
    const uint64_t limit = ended_[index(direction)] ? 0 : from.codec().incoming_raw(source_stream(direction));
    const auto progress = splice->move(from.session(), to.session(), limit, Context::splice_budget);
    // A tunnel that gave little after all goes back to buffers, where little costs less.
    if (mode_ == Mode::tunnel) bulk_[index(direction)] = progress.taken >= bulk_read || progress.given >= bulk_read;
    if (progress.taken > 0) active(direction, true);
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
    const bool empty = splice->held() == 0;
    if (!ended_[index(direction)]) {
        // Idle with an empty pipe: the pipe serves others meanwhile.
        if (empty && mode_ == Mode::tunnel && !from.session().readable()) splice.reset();
        return;
    }
    if (!empty) return;
    splice.reset();
    sink(direction)->send_end(sink_stream(direction), nullptr);
    settle(direction);
}

// --- time
// --------------------------------------------------------------------------------------------------------------

std::optional<Monotonic> Exchange::idle_until(Monotonic now, Duration limit) const {
    const bool client_owes =
        !request_ended() || !client_->all_sent() || splices_[index(Direction::response)] || mode_ == Mode::tunnel;
    if (!client_owes) return now + limit;
    const Monotonic until = client_activity_ + limit;
    if (until > now) return until;
    return std::nullopt;
}

std::optional<Monotonic> Exchange::backend_due(Monotonic now, Duration limit) const {
    const bool client_owes = !request_ended() || !client_->all_sent() || splices_[index(Direction::response)];
    if (client_owes && mode_ == Mode::http) return now + limit;
    const Monotonic until = backend_activity_ + limit;
    if (until > now) return until;
    return std::nullopt;
}

void Exchange::client_late() {
    if (state_ == State::waiting && mode_ == Mode::http) {
        release_backend(false);
        return answer(408, "client_timeout");
    }
    abort(net::CloseReason::idle, mode_ == Mode::tunnel ? "idle" : "client_timeout_during_response");
}

void Exchange::client_fault(http::Fault fault) {
    if (state_ == State::waiting) {
        release_backend(false);
        return answer(http::status_for(fault), http::describe(fault).data());
    }
    abort(net::CloseReason::protocol_error, http::describe(fault).data());
}

// --- ending
// ------------------------------------------------------------------------------------------------------------

// An answer that was cut off must not look whole: where only the end of the connection marks the end of the body, a
// reset is what tells (RFC 9112 §8).
bool Exchange::cuts_off() const noexcept {
    if (mode_ == Mode::tunnel) return record_.was_connected();
    return state_ == State::answering || state_ == State::draining;
}

void Exchange::client_gone(net::CloseReason reason) {
    if (cuts_off()) client_->session().transport().reset_on_close();
    record_.message = net::describe(reason).data();
    record_.failed = reason != net::CloseReason::stopping;
    client_ = nullptr;
    release_backend(false);
    retire(false);
}

void Exchange::retire(bool complete) {
    enter(State::retired);
    context_.recorder.ended(record_, mode_ == Mode::tunnel, *listener_, frontend_.get(), chosen_.get());
    if (client_ != nullptr) std::exchange(client_, nullptr)->exchange_ended(client_stream_, complete);
    context_.retire(*this);
}

void Exchange::describe(std::string& line) const {
    constexpr std::string_view names[] = {"routing", "waiting", "answering", "draining", "retired"};
    line += fmt::format("{} {} cluster={} backend={} attempts={}", mode_ == Mode::tunnel ? "tunnel" : "exchange",
                        names[static_cast<size_t>(state_)],
                        frontend_ != nullptr && frontend_->cluster != nullptr ? frontend_->cluster->id() : "-",
                        chosen_ != nullptr ? chosen_->id : "-", attempts_ + 1);
    record_.describe(line);
}

}  // namespace seki::proxy
