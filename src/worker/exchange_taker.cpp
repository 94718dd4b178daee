// Of ExchangeTaker: an exchange of another worker goes on here.

#include <algorithm>
#include <utility>

#include "config/convert.h"
#include "config/listener_key.h"
#include "http/h1/client_codec.h"
#include "proxy/backend_protocol.h"
#include "proxy/backend_side.h"
#include "proxy/exchange.h"
#include "proxy/first_protocol.h"
#include "worker/moved.h"
#include "worker/moving_exchange.h"

namespace seki::worker {

namespace {

// A field that this version does not know may be what matters. Of every message in it, whichever kinds there are.
bool all_known(const google::protobuf::Message& told) {
    const google::protobuf::Reflection& reflection = *told.GetReflection();
    if (!reflection.GetUnknownFields(told).empty()) return false;
    std::vector<const google::protobuf::FieldDescriptor*> fields;
    reflection.ListFields(told, &fields);
    for (const google::protobuf::FieldDescriptor* const field : fields) {
        if (field->cpp_type() != google::protobuf::FieldDescriptor::CPPTYPE_MESSAGE) continue;
        if (!field->is_repeated()) {
            if (!all_known(reflection.GetMessage(told, field))) return false;
            continue;
        }
        for (int at = 0; at < reflection.FieldSize(told, field); ++at) {
            if (!all_known(reflection.GetRepeatedMessage(told, field, at))) return false;
        }
    }
    return true;
}

Monotonic ago(Monotonic now, uint64_t us) { return now - duration_of(us); }

std::optional<http::h1::Progress> place_of(bool told, const CodecProgress& progress) {
    if (!told) return std::nullopt;
    const auto small = [](uint32_t value) { return static_cast<uint8_t>(std::min<uint32_t>(value, UINT8_MAX)); };
    return http::h1::Progress{.state = small(progress.state()),
                              .reading = {small(progress.reading()), progress.to_read(),
                                          static_cast<uint16_t>(std::min<uint32_t>(progress.line_bytes(), UINT16_MAX))},
                              .writing = {small(progress.writing()), progress.to_write(), progress.written()},
                              .old_version = progress.old_version(),
                              .to_head = progress.to_head(),
                              .persistent = progress.persistent()};
}

proxy::ClientSide::Carried carried_of(const MovedClient& told) {
    proxy::ClientSide::Carried carried{.requests = told.requests(),
                                       .answer_at = told.answer_at(),
                                       .dropped = told.dropped_bytes(),
                                       .ending = told.ending(),
                                       .input_dropped = told.input_dropped(),
                                       .asks_to_switch = told.asks_to_switch(),
                                       .nothing_follows = told.nothing_follows(),
                                       .half_closed = std::nullopt};
    if (told.has_half_closed_us()) carried.half_closed = duration_of(told.half_closed_us());
    return carried;
}

proxy::BackendSide::Carried carried_of(const MovedBackend& told) {
    return {told.written_before(), told.answering(), told.fresh(), told.proven(), told.bound(), told.holds()};
}

proxy::ExchangeMove::Request::Stage stage_of(MovedRequest::State state) noexcept {
    using Stage = proxy::ExchangeMove::Request::Stage;
    switch (state) {
        case MovedRequest::WAITING:
            return Stage::waiting;
        case MovedRequest::ANSWERING:
            return Stage::answering;
        case MovedRequest::DRAINING:
            break;
    }
    return Stage::draining;
}

std::optional<proxy::ExchangeMove::Request> request_of(const MovedExchange& told) {
    if (!told.has_request()) return std::nullopt;
    const MovedRequest& request = told.request();
    const MovedAttempts& attempts = request.attempts();
    return proxy::ExchangeMove::Request{
        .stage = stage_of(request.state()),
        .upgrade_asked = request.upgrade_asked(),
        .awaits_continue = request.awaits_continue(),
        .request_bytes = request.request_bytes(),
        .attempts = {static_cast<uint8_t>(std::min<uint32_t>(attempts.failed(), UINT8_MAX)), attempts.idempotent(),
                     attempts.repeatable(), attempts.binds(), attempts.fresh_only()}};
}

void take_tags(const ExchangeStory& told, proxy::Frontend& frontend) {
    frontend.tags = told.tags();
    for (const Tag& tag : told.tag_list()) frontend.tag_list.emplace_back(tag.name(), tag.value());
}

void take_edits(const MovedRequest& told, proxy::Frontend& frontend) {
    for (const FieldEdit& edit : told.answer_edits()) {
        edit.has_value() ? frontend.response_edits.add(edit.name(), edit.value())
                         : frontend.response_edits.remove(edit.name());
    }
    if (told.has_hsts()) frontend.hsts = proxy::Hsts{told.hsts(), told.hsts_replaces()};
}

net::Session::Carried carried_of(const ExchangeEnd& told) {
    return {{told.ulid_high(), told.ulid_low()},
            told.bytes_read(),
            told.bytes_written(),
            told.read_closed(),
            told.output_ended(),
            told.shutting_down()};
}

// What an exchange has in each state, which the code that goes on with it relies upon.
Result<> check(const MovedExchange& told) {
    if (told.has_backend() != told.has_backend_side()) return failure("its backend is told of in part");
    if (told.client().sent() > 0) return failure("a client gets nothing twice");
    if (!told.has_request()) {
        if (!told.has_backend()) return failure("a tunnel has two ends");
        return {};
    }
    const MovedRequest& request = told.request();
    if (told.has_backend() != request.has_backend_codec()) return failure("its backend is told of in part");
    const bool drains = request.state() == MovedRequest::DRAINING;
    if (told.has_backend() == drains) return failure("it has the backend of another state");
    const bool answered = told.has_backend() && told.backend().ended();
    if (request.state() == MovedRequest::WAITING && (answered || told.backend().piped() > 0))
        return failure("it waits for what has come");
    return {};
}

// Whether what is still to be written of a counted body is what is still to come of it: the rest of it, and what is in
// the pipe.
bool lengths_agree(const http::Codec& from, const http::Codec& to, uint64_t piped) {
    constexpr http::StreamId stream = 1;
    const uint64_t to_write = to.outgoing_raw(stream);
    if (to_write == 0 || to_write == UINT64_MAX) return true;
    const uint64_t to_read = from.incoming_raw(stream);
    return to_read != UINT64_MAX && to_read <= to_write && to_write - to_read == piped;
}

// The pipes that come behind the connections, `at` which the next is.
Result<> take_pipe(const ExchangeEnd& told, std::vector<UniqueFd>& fds, size_t& at, net::PipePool& pool,
                   proxy::ExchangeMove::Told::Flow& flow) {
    flow.ended = told.ended();
    if (told.piped() == 0) return {};
    flow.pipe = pool.adopt(std::move(fds[at]), std::move(fds[at + 1]), told.piped());
    at += 2;
    flow.piped = told.piped();
    if (!flow.pipe) return failure("what comes as a pipe is none");
    return {};
}

void give_back(net::PipePool& pool, std::array<proxy::ExchangeMove::Told::Flow, 2>& flows) {
    for (auto& flow : flows) {
        if (flow.pipe) pool.discard(std::move(*flow.pipe));
    }
}

}  // namespace

// ---- what it goes on under

backend::BackendPtr RemovedBackends::find(const MovedExchange& told) {
    const SocketAddress address = config::checked_address(told.backend_address());
    const std::string key = told.cluster_id() + '\n' + told.backend_id() + '\n' + address.text();
    const auto found = backends_.find(key);
    auto backend = found != backends_.end() ? found->second.lock() : nullptr;
    if (backend != nullptr) return backend;
    absl::erase_if(backends_, [](const auto& one) { return one.second.expired(); });
    backend = std::make_shared<backend::Backend>();
    backend->cluster_id = told.cluster_id();
    backend->id = told.backend_id();
    backend->address = address;
    backend->address_text = address.text();
    backend->unix_path = told.backend_unix_path();
    backend->removed = true;
    backends_[key] = backend;
    return backend;
}

Result<proxy::ListenerPtr> ExchangeTaker::listener_of(const MovedExchange& told) const {
    const command::ListenerType type = told.type();
    const auto key = config::listener_key(&type, told.listener());
    if (!key) return std::unexpected(key.error());
    proxy::ListenerPtr listener = tables_.listener(*key);
    if (listener == nullptr) return failure("there is no listener {}", key->text());
    const bool of_http = listener->kind == proxy::Listener::Kind::http;
    if ((listener->tls != nullptr) != told.client().has_tls() || (told.has_request() && !of_http))
        return failure("the listener is of another kind");
    return listener;
}

// The frontend is what the log says of it and what it does to answers, unless it is still the listener's.
proxy::Route ExchangeTaker::route_of(const MovedExchange& told, const proxy::Listener& listener) const {
    proxy::Route route;
    if (!told.has_request()) route.frontend = listener.routes->tunnel;
    const bool as_before = route.frontend != nullptr && route.frontend->cluster != nullptr &&
                           route.frontend->cluster->id() == told.cluster_id() &&
                           route.frontend->tags == told.story().tags();
    if (!as_before) {
        auto made = std::make_shared<proxy::Frontend>();
        made->cluster = tables_.find_cluster(told.cluster_id());
        if (made->cluster == nullptr) {
            made->cluster = std::make_shared<proxy::Cluster>(told.cluster_id());
            made->cluster->backends.forget();
        }
        take_tags(told.story(), *made);
        if (told.has_request()) take_edits(told.request(), *made);
        route.frontend = std::move(made);
    }
    route.cluster = route.frontend->cluster.get();
    route.policy = route.cluster->policy;
    route.own_timeouts = listener.timeouts;
    route.own_timeouts->front = duration_of(told.timeouts().front_us());
    route.own_timeouts->back = duration_of(told.timeouts().back_us());
    route.own_timeouts->connect = duration_of(told.timeouts().connect_us());
    route.own_timeouts->tunnel = duration_of(told.timeouts().tunnel_us());
    return route;
}

proxy::Record ExchangeTaker::record_of(const MovedExchange& moved) const {
    const ExchangeStory& told = moved.story();
    const Monotonic now = context_.loop.now();
    proxy::Record record;
    record.request_id = {told.request_high(), told.request_low()};
    record.read_before = told.read_before();
    record.written_before = told.written_before();
    record.head_bytes = told.head_bytes();
    record.first_byte = ago(now, told.first_byte_us());
    record.began = ago(now, told.began_us());
    if (told.has_connecting_us()) record.connecting_at = ago(now, told.connecting_us());
    if (told.has_connected_us()) record.connected_at = ago(now, told.connected_us());
    if (told.has_answered_us()) record.answered_at = ago(now, told.answered_us());
    record.status = static_cast<uint16_t>(told.status());
    if (told.has_method()) {
        record.note_texts(context_.buffers,
                          {told.method(), told.authority(), told.path(), told.user_agent(), told.accept()});
    }
    if (told.body_kind() <= static_cast<uint32_t>(http::BodyKind::until_close))
        record.body = {static_cast<http::BodyKind>(told.body_kind()), told.body_length()};
    record.body_bytes = {moved.request().request_bytes(), moved.request().answer_bytes()};
    return record;
}

// ---- its two ends

Result<ExchangeTaker::End> ExchangeTaker::take_end(const ExchangeEnd& told, UniqueFd socket, tls::Role role) {
    End end;
    const auto peer = config::from_wire(told.peer());
    if (!peer) return std::unexpected(peer.error());
    end.peer = *peer;
    end.carried = carried_of(told);
    auto transport = moved_transport(std::move(socket), tls_, role, told.tls());
    if (!transport) return std::unexpected(transport.error());
    end.transport = std::move(*transport);
    end.secured = secured_by(*end.transport);
    if (told.unsent().size() > context_.buffers.buffer_size() || told.sent() > told.unsent().size())
        return failure("more waits than a buffer has room for");
    if (told.unread().empty()) return end;
    if (told.unread().size() <= context_.buffers.small_size()) end.unread = context_.buffers.acquire_small();
    if (end.unread == nullptr) end.unread = context_.buffers.try_acquire();
    if (end.unread == nullptr || end.unread->capacity() < told.unread().size())
        return failure("there is no buffer for what waits");
    end.unread->append(told.unread());
    return end;
}

net::Session& ExchangeTaker::open(net::Session::Side side, const ExchangeEnd& told, End& end) {
    net::Session& session = *context_.sessions.open(side, std::move(end.transport), end.peer, true);
    session.unread() = std::move(end.unread);
    if (told.unsent().empty()) return session;
    session.unsent() = context_.buffers.acquire();
    session.unsent()->append(told.unsent());
    session.unsent()->consume(told.sent());
    return session;
}

Result<ExchangeTaker::Codecs> ExchangeTaker::codecs_of(const MovedExchange& told,
                                                       const proxy::Listener& listener) const {
    const MovedRequest& about = told.request();
    Codecs codecs{
        proxy::codec_in_exchange(context_, listener, place_of(told.has_request(), about.client_codec())),
        proxy::backend_codec_in_exchange(context_, place_of(about.has_backend_codec(), about.backend_codec()))};
    if (codecs.client == nullptr || codecs.backend == nullptr) return failure("its codec is where none can be");
    if (!told.has_request()) return codecs;
    constexpr http::StreamId stream = 1;
    if (codecs.client->request_complete(stream) != told.client().ended())
        return failure("its request has ended for its codec only, or not for that");
    if (!told.has_backend()) return codecs;
    const bool answers = about.state() == MovedRequest::ANSWERING;
    const auto place = *place_of(true, about.backend_codec());
    if (http::h1::ClientCodec::awaits_head(place) == answers ||
        (answers && http::h1::ClientCodec::answered(place) != told.backend().ended()))
        return failure("its answer is where its codec is not");
    if (!lengths_agree(*codecs.client, *codecs.backend, told.client().piped()) ||
        (answers && !lengths_agree(*codecs.backend, *codecs.client, told.backend().piped())))
        return failure("more is to be written of a body than is to come of it, or less");
    return codecs;
}

Result<net::SessionId> ExchangeTaker::take(const MovedExchange& told, std::vector<UniqueFd> fds) {
    if (!all_known(told)) return failure("it is of another version");
    if (auto whole = check(told); !whole) return std::unexpected(whole.error());
    if (const auto address = config::from_wire(told.backend_address()); !address)
        return std::unexpected(address.error());
    auto listener = listener_of(told);
    if (!listener) return std::unexpected(listener.error());
    const size_t ends = told.has_backend() ? 2 : 1;
    const size_t pipes = (told.client().piped() > 0 ? 1U : 0U) + (told.backend().piped() > 0 ? 1U : 0U);
    if (fds.size() != ends + 2 * pipes) return failure("too many descriptors are open");
    auto codecs = codecs_of(told, **listener);
    if (!codecs) return std::unexpected(codecs.error());
    auto client = take_end(told.client(), std::move(fds[0]), tls::Role::server);
    if (!client) return std::unexpected(client.error());
    std::optional<End> backend;
    if (told.has_backend()) {
        auto taken = take_end(told.backend(), std::move(fds[1]), tls::Role::client);
        if (!taken) return std::unexpected(taken.error());
        backend = std::move(*taken);
    }
    if (context_.sessions.size() + ends > context_.sessions.capacity() || !context_.has_room_for_exchange())
        return failure("there is no room");
    proxy::ExchangeMove::Told goes_on;
    size_t at = ends;
    auto piped = take_pipe(told.client(), fds, at, context_.pipes, goes_on.flows[0]);
    if (piped) piped = take_pipe(told.backend(), fds, at, context_.pipes, goes_on.flows[1]);
    if (!piped) {
        give_back(context_.pipes, goes_on.flows);
        return std::unexpected(piped.error());
    }
    tell_on(told, *listener, goes_on);
    return begin(told, *client, backend, std::move(*codecs), std::move(goes_on));
}

// What is neither a connection nor a pipe.
void ExchangeTaker::tell_on(const MovedExchange& told, const proxy::ListenerPtr& listener,
                            proxy::ExchangeMove::Told& goes_on) {
    goes_on.listener = listener;
    goes_on.route = route_of(told, *listener);
    const auto& backends = goes_on.route.cluster->backends;
    goes_on.backend = backends.find(told.backend_id(), config::checked_address(told.backend_address()));
    if (goes_on.backend == nullptr) goes_on.backend = removed_.find(told);
    if (told.request().attempts().named()) goes_on.route.named = goes_on.backend;
    goes_on.record = record_of(told);
    goes_on.request = request_of(told);
    goes_on.flows[0].idle = duration_of(told.client_idle_us());
    goes_on.flows[1].idle = duration_of(told.backend_idle_us());
    if (!told.has_backend()) goes_on.flows[1].ended = true;
}

net::SessionId ExchangeTaker::begin(const MovedExchange& told, End& client, std::optional<End>& backend, Codecs codecs,
                                    proxy::ExchangeMove::Told goes_on) {
    proxy::Exchange& exchange = *context_.open_exchange();
    net::Session& session = open(net::Session::Side::client, told.client(), client);
    auto side =
        proxy::protocol_in_exchange(session, context_, goes_on.listener, std::move(codecs.client), client.secured);
    proxy::SourceLimits limits(told.counted_for());
    const auto counted = tables_.find_cluster_by_key(told.counted_for());
    if (counted != nullptr) limits.count_afterwards(context_, *counted, client.peer);
    side->go_on_in(exchange, carried_of(told.client_side()), std::move(limits));
    proxy::ClientSide& client_side = *side;
    session.start_frozen(std::move(side), client.carried);
    proxy::BackendSide* backend_side = nullptr;
    if (backend) backend_side = &begin(told, *backend, std::move(codecs.backend), exchange, goes_on);
    proxy::ExchangeMove(exchange).go_on(client_side, backend_side, std::move(goes_on));
    return session.id();
}

proxy::BackendSide& ExchangeTaker::begin(const MovedExchange& told, End& backend,
                                         std::unique_ptr<http::ClientCodec> codec, proxy::Exchange& exchange,
                                         const proxy::ExchangeMove::Told& goes_on) {
    const Duration timeout = goes_on.route.own_timeouts->back;
    net::Session& session = open(net::Session::Side::backend, told.backend(), backend);
    auto side = std::make_unique<proxy::BackendSide>(session, context_, goes_on.backend, std::move(codec), timeout);
    side->go_on_in(exchange, carried_of(told.backend_side()), timeout);
    proxy::BackendSide& begun = *side;
    session.start_frozen(std::move(side), backend.carried);
    return begun;
}

}  // namespace seki::worker
