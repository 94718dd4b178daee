// How an exchange begins: what the router and the policies say of a request, and the head that goes to the backend.

#include <fmt/format.h>
#include <utility>

#include "http/connection_auth.h"
#include "http/host.h"
#include "proxy/client.h"
#include "proxy/exchange.h"
#include "proxy/forwarding.h"
#include "proxy/kept_exchange.h"
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

}  // namespace

// A request that was routed, while it is decided about.
struct Exchange::Routed {
    http::RequestHead& head;
    const routing::Request& asked;
    const routing::Match<FrontendPtr>& match;
};

void Exchange::open(Client& client, http::StreamId stream, ListenerPtr listener, Monotonic first_byte) {
    client_ = &client;
    client_stream_ = stream;
    listener_ = std::move(listener);
    client_activity_ = backend_activity_ = context_.loop.now();
    record_.begin(context_, client.session(), first_byte);
    record_.shares_connection = client.shared();
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
    const RequestFields fields(head.fields);
    const routing::Request asked{head.host,        compared_path(head.path),
                                 head.method_text, client_->session().peer().ip_address(),
                                 &fields,          listener_->path_form};
    if (const auto reply = unservable(head)) return answer(*reply);
    const auto match = listener_->routes->http.find(asked);
    if (!match) return answer({404, "no frontend"});
    frontend_ = *match.target;
    const Routed routed{head, asked, match};
    const auto reply = decide(routed);
    if (pending_) return suspend(head);
    if (reply) return answer(*reply);
    forward(routed);
    if (own_timeouts_ && state_ == State::waiting) set_deadline();
}

void Exchange::begin(Client& client, http::StreamId stream, ListenerPtr listener, http::RequestHead& head, bool end,
                     Monotonic first_byte) {
    open(client, stream, std::move(listener), first_byte);
    ended_[index(Direction::request)] = end;
    idempotent_ = http::idempotent(head.method);
    upgrade_asked_ = !head.upgrade.empty();
    record_.note_request(context_.buffers, head);
    repeatable_ = idempotent_ && (end || held_in_full(head));
    route(head);
}

void Exchange::suspend(const http::RequestHead& head) {
    pending_ = false;
    auto kept = KeptRequest::keep(head, context_.buffers);
    if (!kept) {
        context_.recorder.count(Count::out_of_buffers);
        return answer({503, "no buffer to keep the request while its password is being checked"});
    }
    if (kept_ == nullptr) kept_ = std::make_unique<Kept>();
    kept_->request = std::move(kept);
    enter(State::suspended);
}

// As if it came only now: what it was routed by may have changed.
void Exchange::go_on() {
    enter(State::routing);
    const auto request = std::exchange(kept_->request, std::nullopt);
    http::RequestHead& head = context_.heads.request;
    request->show(head);
    context_.added.clear();
    client_activity_ = backend_activity_ = context_.loop.now();
    frontend_.reset();
    cluster_ = nullptr;
    policy_.reset();
    own_timeouts_.reset();
    named_.reset();
    route(head);
    if (client_ == nullptr) return;
    flush(Direction::request);
    if (client_ != nullptr && !request_ended()) client_->go_on(client_stream_, room_for_request());
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

// Of requests that no frontend could serve.
std::optional<Exchange::Reply> Exchange::unservable(const http::RequestHead& head) const {
    if (head.method == http::Method::connect) return Reply{405, "CONNECT is not served"};
    if (listener_->refuses_ambiguous_paths && routing::ambiguous_path(head.path)) return Reply{400, "ambiguous path"};
    const uint64_t max_body = listener_->max_body_bytes;
    if (max_body > 0 && head.body.length > max_body) {
        return Reply{.status = 413, .message = "request body too large", .capacity = max_body};
    }
    return std::nullopt;
}

// What is answered in place of a backend; nothing when the request may go to one. In the order in which Sōzu asks.
std::optional<Exchange::Reply> Exchange::decide(const Routed& routed) {
    choose_cluster(routed.head);
    const http::AnswerTemplate* own = frontend_->redirect_template.get();
    if (frontend_->outcome == Frontend::Outcome::redirect) {
        const auto location = redirect_location(routed, frontend_->redirect_scheme.value_or(client_->scheme()));
        if (!location) return Reply{400, "the redirect leads to no valid address"};
        return Reply{
            .status = frontend_->redirect_status, .message = "redirected", .location = *location, .custom = own};
    }
    if (frontend_->outcome == Frontend::Outcome::deny) {
        return Reply{.status = frontend_->redirect_status, .message = "frontend denies", .custom = own};
    }
    if (cluster_ == nullptr) return Reply{401, "frontend denies"};
    if (frontend_->auth_required) {
        if (auto reply = authenticate(routed.head); reply || pending_) return reply;
    }
    if (policy_ != nullptr && policy_->https_redirect && client_->scheme() != http::Scheme::https) {
        const auto location = redirect_location(routed, http::Scheme::https);
        if (!location) return Reply{400, "the redirect leads to no valid address"};
        return Reply{.status = frontend_->redirect_status,
                     .message = "redirected to https",
                     .location = *location,
                     .custom = own};
    }
    const auto refusal = let_in();
    if (!refusal) return std::nullopt;
    return Reply{.status = 429, .message = refusal->message, .retry_after_s = refusal->retry_after_s};
}

std::optional<Exchange::Reply> Exchange::authenticate(const http::RequestHead& head) {
    if (policy_ == nullptr) return Reply{401, "the cluster has no users"};
    const http::Field* said = head.fields.find(http::FieldId::authorization);
    const net::Session& session = client_->session();
    const auth::Authenticator::Question question{&policy_->credentials,
                                                 said != nullptr ? said->value : std::string_view(),
                                                 session.peer().with_port(0).hash(), session.id()};
    switch (context_.authenticator.check(question, context_.loop.now())) {
        case auth::Verdict::granted:
            break;
        case auth::Verdict::denied:
            return Reply{401, said != nullptr ? "wrong user or password" : "no user and password"};
        case auth::Verdict::pending:
            pending_ = true;
            break;
        case auth::Verdict::busy:
            return Reply{.status = 503, .message = "too many passwords to check", .retry_after_s = 1};
        case auth::Verdict::unable:
            return Reply{.status = 503, .message = "no thread or memory to check passwords", .retry_after_s = 1};
        case auth::Verdict::exhausted:
            return Reply{.status = 429, .message = "too many wrong passwords", .retry_after_s = 3};
    }
    return std::nullopt;
}

void Exchange::choose_cluster(const http::RequestHead& head) {
    cluster_ = frontend_->cluster.get();
    std::string_view cookie;
    if (head.has_cookies) cookie = cookie_value(head.fields, listener_->sticky_cookie.name);
    if (frontend_->split_weight > 0) cluster_ = share_of(cookie);
    if (cluster_ != nullptr) policy_ = cluster_->policy;
    if (policy_ != nullptr) {
        override_timeouts(policy_->timeouts);
        if (policy_->sticky && !cookie.empty()) named_ = cluster_->backends.find_cookie(cookie);
    }
    override_timeouts(frontend_->timeouts);
}

void Exchange::override_timeouts(const TimeoutOverrides& overrides) {
    if (!overrides.any) return;
    if (!own_timeouts_) own_timeouts_ = listener_->timeouts;
    own_timeouts_->override_by(overrides);
}

// A client that has a cookie of one of the clusters stays with it, the others are dealt out.
Cluster* Exchange::share_of(std::string_view cookie) {
    for (const Frontend::Share& share : frontend_->split) {
        const bool sticky = share.cluster->policy != nullptr && share.cluster->policy->sticky;
        if (!cookie.empty() && sticky && share.cluster->backends.find_cookie(cookie) != nullptr)
            return share.cluster.get();
    }
    uint32_t at = context_.random.below(frontend_->split_weight);
    for (const Frontend::Share& share : frontend_->split) {
        if (at < share.weight) return share.cluster.get();
        at -= share.weight;
    }
    return nullptr;
}

// ---- rewriting

// Host and path as they are to be; nothing when what a client sent makes them invalid.
std::optional<Exchange::Target> Exchange::target_of(const Routed& routed) {
    Target target{routed.head.host, routed.head.path};
    if (frontend_->rewrite_host.empty() && frontend_->rewrite_path.empty()) return target;
    routing::Captures captures;
    routing::Router<FrontendPtr>::captures(routed.match, routed.asked, captures);
    if (!frontend_->rewrite_host.empty()) {
        target.host = frontend_->rewrite_host.render(captures, context_.added);
        const auto parsed = http::parse_authority(target.host);
        if (!parsed || parsed->host.size() != target.host.size()) return std::nullopt;
    }
    if (!frontend_->rewrite_path.empty()) {
        target.path = frontend_->rewrite_path.render(captures, context_.added);
        if (!valid_path(target.path)) return std::nullopt;
    }
    return target;
}

std::string_view Exchange::with_port(std::string_view host, uint16_t port) {
    if (port == 0 || host.empty()) return host;  // HTTP/1.0 may have none
    const fmt::format_int digits(port);
    return context_.added.store({host, ":", {digits.data(), digits.size()}});
}

std::optional<std::string_view> Exchange::redirect_location(const Routed& routed, http::Scheme scheme) {
    const auto target = target_of(routed);
    if (!target) return std::nullopt;
    const bool changes = scheme != client_->scheme();
    uint16_t port = changes ? 0 : routed.head.port;
    if (changes && scheme == http::Scheme::https && policy_ != nullptr) port = policy_->https_redirect_port;
    if (frontend_->rewrite_port != 0) port = frontend_->rewrite_port;
    if (port == http::default_port(scheme)) port = 0;
    // A path alone leads to the same place again, and one that begins with "//" to a host of the client's choice
    // (RFC 3986 §4.2).
    if (target->host.empty()) return std::nullopt;
    const std::string_view authority = with_port(target->host, port);
    const std::string_view path = target->path.starts_with('/') ? target->path : "/";
    const std::string_view location = context_.added.store({http::name_of(scheme), "://", authority, path});
    if (context_.added.overflow()) return std::nullopt;
    return location;
}

// ---- forwarding

bool Exchange::rewrite(const Routed& routed) {
    http::RequestHead& head = routed.head;
    const auto target = target_of(routed);
    if (!target) return false;
    head.path = target->path;
    if (frontend_->rewrite_host.empty() && frontend_->rewrite_port == 0) return true;
    const http::Field* told = head.fields.find(http::FieldId::x_forwarded_host);
    if (told == nullptr && !head.authority.empty()) context_.added.push("X-Forwarded-Host", head.authority);
    set_authority(head, with_port(target->host, frontend_->rewrite_port != 0 ? frontend_->rewrite_port : head.port));
    return true;
}

void Exchange::set_authority(http::RequestHead& head, std::string_view authority) {
    head.authority = authority;
    for (http::Field& field : head.fields.all()) field.dropped |= field.id == http::FieldId::host;
}

void Exchange::forward(const Routed& routed) {
    http::RequestHead& head = routed.head;
    AddedFields& added = context_.added;
    const bool of_handshake = head.speaks_of_users && http::authenticates_connection(head.fields);
    if (of_handshake) idempotent_ = repeatable_ = false;  // it means something on one connection only
    binds_ = of_handshake || (policy_ != nullptr && policy_->reuse == BackendReuse::never);
    // A connection that is taken is one that somebody else cannot have: first everything is judged.
    if (head.has_cookies) strip_cookie(head.fields, listener_->sticky_cookie.name, added);
    const KeptFields kept = add_forwarded_fields(
        head, *listener_, {client_->session().peer(), client_->scheme(), record_.request_id_as_text()}, added);
    if (frontend_->rewrites() && !rewrite(routed)) return answer({400, "the rewritten target is not valid"});
    const bool elides = listener_->elide_lookalike_fields;
    if (elides && head.fields.odd_names()) drop_lookalikes(head.fields, *listener_);
    if (!frontend_->request_edits.empty()) {
        frontend_->request_edits.apply(head.fields, added,
                                       elides ? FieldEdits::Lookalikes::go : FieldEdits::Lookalikes::stay);
        if (!frontend_->request_edits.host().empty()) set_authority(head, frontend_->request_edits.host());
    }
    if (head.authority.empty()) head.authority = own_authority(*listener_, *client_, added);
    constexpr Reply too_large{431, "request head too large to be forwarded"};
    if (added.overflow()) return answer(too_large);
    backend_ = connect();
    if (backend_ == nullptr) return answer({503, "no backend"});
    const auto written = backend_->send_head(head, added.all());
    if (!written) {
        release_backend(true);  // as it was
        return answer(too_large);
    }
    context_.recorder.forwarded(kept);
    backend_stream_ = *written;
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
