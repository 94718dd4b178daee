#include "proxy/exchange.h"

#include <utility>

#include "base/check.h"
#include "http/connection_auth.h"
#include "proxy/client.h"
#include "proxy/deferred_answer.h"
#include "proxy/raw_codec.h"

namespace seki::proxy {

namespace {

// How an answer ended that had begun.
const char* describe_broken_answer(const BackendLoss& loss) noexcept {
    if (loss.malformed()) return http::describe(loss.fault).data();
    return loss.kind == BackendLoss::Kind::timeout ? "backend_response_timeout" : "backend ended within its answer";
}

void add_hsts(const Hsts& rule, http::FieldTable& fields, AddedFields& added) {
    const http::Field* const said = fields.find(http::FieldId::strict_transport_security);
    if (said != nullptr && !rule.replaces) return;
    for (http::Field& field : fields.all()) field.dropped |= field.id == http::FieldId::strict_transport_security;
    added.push(hsts_field, rule.value);
}

}  // namespace

Exchange::Exchange(SlabId id, Context& context) : id_(id), context_(context) {}

Exchange::~Exchange() { SEKI_CHECK(client_ == nullptr && backend_ == nullptr); }

void Exchange::enter(State next) {
    switch (next) {
        case State::routing:
            SEKI_CHECK(state_ == State::suspended);
            break;
        case State::suspended:
            SEKI_CHECK(state_ == State::routing);
            break;
        case State::waiting:
            SEKI_CHECK(state_ == State::routing || state_ == State::answering);
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

// ---- beginning

void Exchange::begin_tunnel(Client& client, ListenerPtr listener) {
    mode_ = Mode::tunnel;
    attempts_.carry_tunnel();
    client_ = &client;
    client_stream_ = backend_stream_ = RawServerCodec::stream;
    listener_ = std::move(listener);
    count_tunnel(1);
    route_.lead_tunnel(*listener_);
    client_activity_ = backend_activity_ = context_.loop.now();
    record_.begin(context_, client.session(), client_activity_);
    record_.secured = client.secured();
    if (route_.cluster != nullptr) {
        if (const auto refusal = let_in()) return refuse_tunnel(*refusal);
    }
    backend_ = route_.cluster != nullptr ? connect() : nullptr;
    if (backend_ == nullptr) return abort(net::CloseReason::no_resources, "no backend");
    enter(State::waiting);
    client_->due(client_activity_ + timeouts().of_tunnel());
}

std::optional<SourceLimits::Refusal> Exchange::let_in() {
    return client_->source_limits().let_in(context_, *route_.cluster, client_->session().peer());
}

void Exchange::refuse_tunnel(const SourceLimits::Refusal& refusal) {
    record_.message = refusal.message;
    net::Session& session = client_->session();
    retire(false);
    // Not at once: what the client may have sent already would turn the end into a reset.
    session.close(net::CloseManner::linger, net::CloseReason::limited);
}

// ---- the backend

BackendEnd* Exchange::connect() { return attempts_.connect({context_, *this, *client_, route_, timeouts(), record_}); }

void Exchange::connected() {
    backend_activity_ = context_.loop.now();
    record_.connected(backend_activity_);
    attempts_.connected(context_, *route_.cluster, backend_activity_ - record_.connecting_at);
    if (mode_ == Mode::tunnel) tunnel_stands();
}

void Exchange::count_tunnel(int more) noexcept {
    auto& [tcp, upgraded] = context_.tunnels;
    (listener_->kind == Listener::Kind::tcp ? tcp : upgraded) += static_cast<uint32_t>(more);
}

void Exchange::tunnel_stands() {
    if (context_.clients_at_rest != nullptr) context_.clients_at_rest->in_tunnel(client_->session().id());
}

// What happened looks to a client like the end of an idle connection of its own, for which clients are prepared. An
// answer that says so would take the decision from it.
bool Exchange::client_may_retry(const BackendLoss& loss) const noexcept {
    return state_ == State::waiting && mode_ == Mode::http && loss.reused && loss.kind == BackendLoss::Kind::closed &&
           client_->asked_before() && !client_->shared();
}

void Exchange::backend_gone(BackendLoss loss) {
    using Kind = BackendLoss::Kind;
    give_up_backend();
    if (deferred_request_ != nullptr) loss.held = std::move(*std::exchange(deferred_request_, nullptr));
    attempts_.lost(context_, route_, loss);
    if (mode_ == Mode::http) count_broken_answer(loss);
    if (state_ == State::waiting && attempts_.may_retry(loss)) return try_another(std::move(loss));
    if (client_may_retry(loss)) return abort(net::CloseReason::peer_closed, "backend closed without an answer");

    if (state_ == State::answering && mode_ == Mode::http && client_->take_back()) take_back_answer();
    if (state_ != State::waiting) return abort(net::CloseReason::peer_error, describe_broken_answer(loss));
    if (mode_ == Mode::tunnel) return abort(net::CloseReason::peer_error, "backend is gone");
    switch (loss.kind) {
        case Kind::refused:
        case Kind::connect_timeout:
        case Kind::no_resources:
            return answer({503, "no backend could be reached"});
        case Kind::timeout:
            return answer({.status = 504, .message = "backend_timeout", .duration = timeouts().back});
        case Kind::fault:
            return answer({502, http::describe(loss.fault).data()});
        case Kind::closed:
            return answer({502, "backend closed without an answer"});
        case Kind::unprocessed:
            return answer({503, "backend refused the request"});
    }
}

// Its client has seen nothing of it.
void Exchange::take_back_answer() {
    record_.body_bytes[index(Direction::response)] = 0;
    enter(State::waiting);
}

void Exchange::count_broken_answer(const BackendLoss& loss) {
    using Kind = BackendLoss::Kind;
    if (loss.malformed()) return context_.recorder.count(Count::backend_faults);
    const bool within = loss.kind == Kind::fault || (state_ != State::waiting && loss.kind != Kind::timeout);
    if (within) context_.recorder.count(Count::cut_answers);
}

void Exchange::try_another(BackendLoss loss) {
    context_.recorder.retrying(record_, *attempts_.chosen(), loss.reused);
    attempts_.begin_retry(loss);
    backend_ = connect();
    if (backend_ == nullptr) {
        context_.recorder.count(Count::retries_exhausted);
        if (mode_ == Mode::tunnel) return abort(net::CloseReason::peer_error, "no backend could be reached");
        return answer({503, "no backend could be reached"});
    }
    if (!loss.held) return request_begins(backend_stream_);
    deferred_request_ = std::make_unique<HeldRequest>(std::move(*loss.held));
    begin_deferred_request();
}

// ---- a request that waits

bool Exchange::defer_request(const http::RequestHead& head, const AddedFields& added) {
    const bool for_now = !backend_->all_sent();
    auto kept = for_now ? KeptRequest::keep(head, added.all(), context_.buffers) : std::nullopt;
    if (kept) {
        deferred_request_ = std::make_unique<HeldRequest>(std::move(*kept));
        return true;
    }
    release_backend(true);  // as it was
    answer(for_now ? Reply{503, "no buffer to keep the head of a request in"}
                   : Reply{431, "request head too large to be forwarded"});
    return false;
}

// It was lost by another connection, or others have taken some of what was in its way.
void Exchange::begin_deferred_request() {
    const auto stream = backend_->adopt(*this, *deferred_request_);
    // Of one with a body the head may have gone already, and must not go again.
    if (!stream && deferred_request_->only_head() && !backend_->all_sent()) return;
    const bool only_head = deferred_request_->only_head();
    deferred_request_.reset();
    if (stream) return request_begins(*stream);
    release_backend(true);
    answer(only_head ? Reply{431, "request head too large to be forwarded"}
                     : Reply{503, "no room for the request in another connection"});
}

void Exchange::request_begins(http::StreamId stream) {
    backend_stream_ = stream;
    if (std::exchange(end_waits_, false)) backend_->send_end(stream, nullptr);
    if (request_ended()) return;
    make_request_room();
    client_->grant_credit(client_stream_, room_for_request());
}

BackendEnd* Exchange::give_up_backend() noexcept {
    for (auto& splice : splices_) splice.reset();
    return std::exchange(backend_, nullptr);
}

void Exchange::release_backend(bool reusable) {
    // A tunnel's backend must not take what was cut off for all there was.
    const bool cut =
        mode_ == Mode::tunnel && backend_ != nullptr && !(request_ended() && backend_->delivered(backend_stream_));
    BackendEnd* const backend = give_up_backend();
    if (backend == nullptr) return;
    backend->detach(*this, reusable, cut ? net::CloseManner::reset : net::CloseManner::now, client_);
}

// ---- the answer

bool Exchange::interim(const http::ResponseHead& head, uint64_t bytes) {
    backend_activity_ = context_.loop.now();
    if (!interim_pace_.take(backend_activity_, bytes)) return false;
    client_->send_interim(client_stream_, head);
    if (head.status != 100 || request_ended()) return true;
    awaits_continue_ = false;
    client_activity_ = backend_activity_;  // its time begins only now
    begin_pace();
    return true;
}

void Exchange::answer_head(http::ResponseHead& head, bool end) {
    backend_activity_ = context_.loop.now();
    record_.answered(head.status, backend_activity_);
    const bool switching = head.status == 101;
    // RFC 9110 §7.8: not without being asked, and not before the request is complete.
    if (switching && !(upgrade_asked_ && request_ended())) {
        release_backend(false);
        return answer({502, "backend switched protocols out of turn"});
    }
    if (head.speaks_of_users && http::authenticates_connection(head.fields)) backend_->bind();
    AddedFields& added = context_.added;
    edit_answer(head, added);
    const bool close = client_->leaving() || (!switching && client_->end_if_spoke_ahead());
    if (!added.overflow() && client_->send_head(client_stream_, head, added.all(), close))
        return answer_begins(head, end);
    if (!added.overflow() && !client_->all_sent()) return defer(head, added, end);
    release_backend(false);
    answer({502, "head of the answer too large"});
}

void Exchange::answer_begins(const http::ResponseHead& head, bool end) {
    enter(State::answering);
    if (head.status == 101) return become_tunnel();
    if (end) this->end(Direction::response, nullptr);
}

void Exchange::edit_answer(http::ResponseHead& head, AddedFields& added) {
    added.clear();
    added.push(listener_->id_header, record_.request_id_as_text());
    const bool give_cookie = route_.policy != nullptr && route_.policy->sticky && attempts_.chosen() != route_.named;
    if (give_cookie)
        added.push("Set-Cookie", listener_->sticky_cookie.set(attempts_.chosen()->cookie,
                                                              client_->scheme() == http::Scheme::https, added));
    if (const Hsts* rule = hsts()) add_hsts(*rule, head.fields, added);
    if (!route_.frontend->response_edits.empty()) route_.frontend->response_edits.apply(head.fields, added);
}

// Null where none is sent: without TLS anybody could have put it there (RFC 6797 §7.2).
const Hsts* Exchange::hsts() const noexcept {
    if (client_->scheme() != http::Scheme::https) return nullptr;
    const Frontend* const frontend = route_.frontend.get();
    const Hsts& rule = frontend != nullptr && frontend->hsts ? *frontend->hsts : listener_->hsts;
    return rule.value.empty() ? nullptr : &rule;
}

void Exchange::become_tunnel() {
    mode_ = Mode::tunnel;
    count_tunnel(1);
    ended_ = {};
    client_->become_tunnel(client_stream_);
    backend_->become_tunnel(backend_stream_);
    set_deadline();
    client_->resume();  // what is unread belongs to the tunnel
    tunnel_stands();
}

void Exchange::abort(net::CloseReason reason, const char* message) {
    record_.message = message;
    record_.failed = true;
    release_backend(false);
    Client& client = *client_;
    const bool cut = cuts_off();
    retire(false);
    client.give_up(cut ? net::CloseManner::reset : net::CloseManner::now, reason);
}

// In the log it has the status that nginx gives to what is closed so. The client's side sees to the end of it.
void Exchange::fall_silent() {
    constexpr uint16_t no_response = 444;
    record_.answered(no_response, context_.loop.now());
    record_.own_answer = true;
    record_.message = "silent_close";
    retire(false);
}

// ---- ending

// An answer that was cut off must not look whole: where only the end of the connection marks the end of the body, a
// reset is what tells (RFC 9112 §8).
bool Exchange::cuts_off() const noexcept {
    if (state_ == State::answering || state_ == State::draining) return true;  // upgraded tunnels among them
    return mode_ == Mode::tunnel && record_.was_connected();
}

void Exchange::client_gone(net::CloseReason reason) {
    record_.message = net::describe(reason).data();
    record_.failed = reason != net::CloseReason::stopping;
    record_.abandoned = reason == net::CloseReason::peer_closed || reason == net::CloseReason::peer_error;
    client_ = nullptr;
    release_backend(false);
    retire(false);
}

void Exchange::retire(bool complete) {
    enter(State::retired);
    if (tunnel()) count_tunnel(-1);
    context_.recorder.ended(record_, mode_ == Mode::tunnel, *listener_,
                            {route_.frontend.get(), route_.cluster, attempts_.chosen().get()});
    if (client_ != nullptr) std::exchange(client_, nullptr)->exchange_ended(client_stream_, complete);
    context_.retire(*this, complete);
}

bool Exchange::is_of(const SessionsOf& sessions) const noexcept {
    if (route_.cluster == nullptr || route_.cluster->id() != sessions.cluster_id) return false;
    const auto& backend = attempts_.chosen();
    return sessions.of_any_backend() || (backend != nullptr && sessions.are_at(*backend));
}

void Exchange::describe(std::string& line) const {
    constexpr std::string_view names[] = {"routing", "suspended", "waiting", "answering", "draining", "retired"};
    line += fmt::format("{} {} cluster={} backend={} attempts={}", mode_ == Mode::tunnel ? "tunnel" : "exchange",
                        names[static_cast<size_t>(state_)], route_.cluster != nullptr ? route_.cluster->id() : "-",
                        attempts_.chosen() != nullptr ? attempts_.chosen()->id : "-", attempts_.failed() + 1);
    record_.describe(line);
}

}  // namespace seki::proxy
