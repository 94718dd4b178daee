// How an exchange begins: what the router and the policies say of a request, and the head that goes to the backend.

#include <fmt/format.h>
#include <utility>

#include "base/check.h"
#include "http/connection_auth.h"
#include "proxy/client.h"
#include "proxy/decision.h"
#include "proxy/exchange.h"
#include "proxy/forwarding.h"
#include "proxy/kept_head.h"
#include "proxy/lookalikes.h"

namespace seki::proxy {

namespace {

class RequestFields final : public routing::HeaderFields {
public:
    explicit RequestFields(const http::FieldTable& fields) noexcept : fields_(fields) {}

    void each(std::string_view name, See see) const override {
        for (const http::Field& field : fields_.all()) {
            if (http::equal_ignoring_case(field.name, name) && !see(field.value)) return;
        }
    }

private:
    const http::FieldTable& fields_;
};

// Who names no host speaks to whoever listens there.
std::string_view own_authority(const Listener& listener, Client& client, AddedFields& added) {
    if (!listener.own_authority.empty()) return listener.own_authority;
    const auto local = client.session().transport().local_address();
    return added.store({authority_of(local.value_or(listener.address), client.scheme())});
}

Reply refusal_of(auth::Verdict verdict, const http::RequestHead& head) noexcept {
    switch (verdict) {
        case auth::Verdict::denied: {
            const bool said = head.fields.find(http::FieldId::authorization) != nullptr;
            return {401, said ? "wrong user or password" : "no user and password"};
        }
        case auth::Verdict::busy:
            return {.status = 503, .message = "too many passwords to check", .retry_after_s = 1};
        case auth::Verdict::unable:
            return {.status = 503, .message = "no thread or memory to check passwords", .retry_after_s = 1};
        case auth::Verdict::exhausted:
            return {.status = 429, .message = "too many wrong passwords", .retry_after_s = 3};
        case auth::Verdict::granted:
        case auth::Verdict::pending:
            break;
    }
    SEKI_CHECK(false);
    return {};
}

}  // namespace

void Exchange::open(Client& client, http::StreamId stream, ListenerPtr listener, Monotonic first_byte) {
    client_ = &client;
    client_stream_ = stream;
    listener_ = std::move(listener);
    client_activity_ = backend_activity_ = context_.loop.now();
    record_.begin(context_, client.session(), first_byte);
    record_.secured = client.secured();
    record_.shares_connection = client.shared();
    if (client.secured() != nullptr) record_.certificate = client.secured()->client.get();
    context_.added.clear();
}

void Exchange::refuse(Client& client, http::StreamId stream, ListenerPtr listener, uint16_t status,
                      const char* message) {
    open(client, stream, std::move(listener), context_.loop.now());
    record_.failed = true;
    Reply reply{status, message};
    if (status == 408) reply.duration = listener_->timeouts.request;
    answer(reply);
}

void Exchange::route(http::RequestHead& head) {
    if (listener_->client_fields.any()) listener_->client_fields.drop_from(head.fields);
    const RequestFields fields(head.fields);
    const routing::Request asked{head.host,        compared_path(head.path),
                                 head.method_text, client_->session().peer().ip_address(),
                                 &fields,          listener_->path_form};
    if (const auto reply = unservable(*listener_, client_->secured(), head)) return answer(*reply);
    const auto match = listener_->routes->http.find(asked);
    if (!match) return answer({404, "no frontend"});
    route_.lead_request(*match.target, *listener_, head, context_.random);
    const RoutedRequest routed{head, client_->scheme(), asked, match};
    if (!unrestricted(route_) && !passes(routed)) return;
    if (const auto refusal = let_in()) {
        return answer({.status = 429, .message = refusal->message, .retry_after_s = refusal->retry_after_s});
    }
    forward(routed);
    if (route_.own_timeouts && state_ == State::waiting) set_deadline();
}

bool Exchange::passes(const RoutedRequest& routed) {
    const Decision decision = decide(route_, routed, context_.added);
    if (decision.silence) {
        fall_silent();
        return false;
    }
    const auth::Verdict verdict = decision.needs_user ? authenticate(routed.head) : auth::Verdict::granted;
    if (verdict == auth::Verdict::pending) {
        suspend(routed.head);
    } else if (verdict != auth::Verdict::granted) {
        answer(refusal_of(verdict, routed.head));
    } else if (decision.reply) {
        answer(*decision.reply);
    } else {
        return true;
    }
    return false;
}

void Exchange::begin(Client& client, http::StreamId stream, ListenerPtr listener, http::RequestHead& head, bool end,
                     Monotonic first_byte) {
    open(client, stream, std::move(listener), first_byte);
    ended_[index(Direction::request)] = end;
    upgrade_asked_ = !head.upgrade.empty();
    record_.note_request(context_.buffers, head);
    attempts_.carry_request(http::idempotent(head.method), end || held_in_full(head));
    route(head);
}

void Exchange::suspend(const http::RequestHead& head) {
    auto kept = KeptRequest::keep(head, context_.buffers);
    if (!kept) {
        context_.recorder.count(Count::out_of_buffers);
        return answer({503, "no buffer to keep the request while its password is being checked"});
    }
    suspended_ = std::make_unique<KeptRequest>(std::move(*kept));
    enter(State::suspended);
}

// As if it came only now: what it was routed by may have changed.
void Exchange::resume() {
    enter(State::routing);
    const auto request = std::exchange(suspended_, nullptr);
    http::RequestHead& head = context_.heads.request;
    request->show(head);
    context_.added.clear();
    client_activity_ = backend_activity_ = context_.loop.now();
    route_ = {};
    route(head);
    if (client_ == nullptr) return;
    flush(Direction::request);
    if (client_ != nullptr && !request_ended()) client_->grant_credit(client_stream_, room_for_request());
}

// The request fits into its buffer whatever the head becomes, so that it can be sent again.
bool Exchange::held_in_full(const http::RequestHead& head) const noexcept {
    return head.body.kind == http::BodyKind::length &&
           record_.head_bytes + Context::edit_room + head.body.length <= context_.buffers.buffer_size();
}

std::string_view Exchange::compared_path(std::string_view sent) {
    if (listener_->path_form == routing::PathForm::as_written) return sent;
    return routing::normal_path(sent, context_.normal_path);
}

auth::Verdict Exchange::authenticate(const http::RequestHead& head) {
    const http::Field* said = head.fields.find(http::FieldId::authorization);
    const net::Session& session = client_->session();
    const auth::Authenticator::Question question{&route_.policy->credentials,
                                                 said != nullptr ? said->value : std::string_view(),
                                                 session.peer().with_port(0).hash(), session.id()};
    return context_.authenticator.check(question, context_.loop.now());
}

// ---- forwarding

void Exchange::forward(const RoutedRequest& routed) {
    http::RequestHead& head = routed.head;
    AddedFields& added = context_.added;
    const bool of_handshake = head.speaks_of_users && http::authenticates_connection(head.fields);
    if (of_handshake) attempts_.carry_handshake();
    attempts_.bind(of_handshake || (route_.policy != nullptr && route_.policy->reuse == BackendReuse::never));
    // A connection that is taken is one that somebody else cannot have: first everything is judged.
    if (head.has_cookies) strip_cookie(head.fields, listener_->sticky_cookie.name, added);
    const KeptFields kept = add_forwarded_fields(
        head, *listener_, {client_->session().peer(), client_->scheme(), record_.request_id_as_text()}, added);
    if (client_->secured() != nullptr) listener_->client_fields.add_to(added, *client_->secured());
    if (route_.frontend->rewrites() && !rewrite_target(route_, routed, listener_->says_x_forwarded, added))
        return answer({400, "the rewritten target is not valid"});
    const bool elides = listener_->elide_lookalike_fields;
    if (elides && head.fields.odd_names()) drop_lookalikes(head.fields, *listener_);
    if (!route_.frontend->request_edits.empty()) {
        route_.frontend->request_edits.apply(head.fields, added,
                                             elides ? FieldEdits::Lookalikes::go : FieldEdits::Lookalikes::stay);
        if (!route_.frontend->request_edits.host().empty()) set_authority(head, route_.frontend->request_edits.host());
    }
    if (head.authority.empty()) head.authority = own_authority(*listener_, *client_, added);
    if (added.overflow()) return answer({431, "request head too large to be forwarded"});
    backend_ = connect();
    if (backend_ == nullptr) return answer({503, "no backend"});
    const auto written = backend_->send_head(*this, head, added.all());
    if (!written && !defer_request(head, added)) return;
    context_.recorder.forwarded(kept);
    backend_stream_ = written.value_or(0);
    if (written && end_waits_) request_begins(*written);
    awaits_continue_ = head.expects_continue && !request_ended();
    if (!request_ended() && !awaits_continue_) begin_pace();
    enter(State::waiting);
}

// The client's deadline was that of its listener. Who is not watched yet is asked for it soon anyway.
void Exchange::set_deadline() {
    const auto until = idle_until(context_.loop.now());
    if (until && client_->session().watched()) client_->due(*until);
}

void Exchange::begin_pace() {
    const uint32_t rate = listener_->min_body_bytes_per_second;
    if (rate == 0 || pace_.limited()) return;
    pace_.begin(context_.loop.now(), rate);
    client_->due(pace_.due());
}

void Exchange::keep_pace(uint64_t bytes) {
    awaits_continue_ = false;  // some do not wait to be told
    begin_pace();
    if (pace_.limited()) pace_.received(context_.loop.now(), bytes);
}

}  // namespace seki::proxy
