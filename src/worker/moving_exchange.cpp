#include "worker/moving_exchange.h"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <utility>

#include "config/convert.h"
#include "proxy/backend_side.h"
#include "worker/moved.h"

namespace seki::worker {

namespace {

using proxy::Direction;

UniqueFd copy_of(int fd) { return UniqueFd(::fcntl(fd, F_DUPFD_CLOEXEC, 0)); }

void tell_waiting(net::Session& session, bool holds, ExchangeEnd& told) {
    if (session.unread() != nullptr) told.set_unread(std::string(session.unread()->data()));
    net::Buffer* const unsent = session.unsent().get();
    if (unsent == nullptr || (unsent->empty() && !holds)) return;
    const uint32_t sent = holds ? unsent->consumed() : 0;
    const std::string_view waiting = unsent->data();
    told.set_unsent(std::string(waiting.data() - sent, waiting.size() + sent));
    if (sent > 0) told.set_sent(sent);
}

bool tell_end(const proxy::ExchangeMove& exchange, Direction source, bool holds, ExchangeEnd& told,
              std::vector<UniqueFd>& fds) {
    net::Session& session = *exchange.end(source);
    auto exported = session.transport().to_export();
    if (!exported) return false;
    fds.push_back(copy_of(exported->fd));
    if (!exported->beside.empty()) told.set_tls(exported->beside);
    wipe(exported->beside);
    const net::Session::Carried carried = session.carried();
    *told.mutable_peer() = config::to_wire(session.peer());
    told.set_ulid_high(carried.ulid.high);
    told.set_ulid_low(carried.ulid.low);
    told.set_bytes_read(carried.bytes_read);
    told.set_bytes_written(carried.bytes_written);
    tell_waiting(session, holds, told);
    if (carried.read_closed) told.set_read_closed(true);
    if (exchange.ended(source)) told.set_ended(true);
    if (carried.output_ended) told.set_output_ended(true);
    if (carried.shutting_down) told.set_shutting_down(true);
    return true;
}

// False when one of them cannot be told.
bool tell_ends(const proxy::ExchangeMove& exchange, MovedExchange& about, std::vector<UniqueFd>& fds) {
    if (!tell_end(exchange, Direction::request, false, *about.mutable_client(), fds)) return false;
    const proxy::BackendSide* const backend = exchange.backend_side();
    if (backend == nullptr) return true;
    return tell_end(exchange, Direction::response, backend->carried().holds, *about.mutable_backend(), fds);
}

void tell_pipe(const proxy::ExchangeMove& exchange, Direction source, ExchangeEnd& told, std::vector<UniqueFd>& fds) {
    const net::SpliceTransfer* const splice = exchange.pipe(source);
    if (splice == nullptr) return;
    told.set_piped(static_cast<uint32_t>(splice->held()));
    fds.push_back(copy_of(splice->pipe().read_end.get()));
    fds.push_back(copy_of(splice->pipe().write_end.get()));
}

void tell_timeouts(const proxy::Timeouts& timeouts, MovedTimeouts& told) {
    told.set_front_us(micros(timeouts.front));
    told.set_back_us(micros(timeouts.back));
    told.set_connect_us(micros(timeouts.connect));
    told.set_tunnel_us(micros(timeouts.of_tunnel()));
}

void tell_client(const proxy::ClientSide::Carried& client, MovedClient& told) {
    told.set_requests(client.requests);
    told.set_answer_at(client.answer_at);
    told.set_dropped_bytes(client.dropped);
    if (client.ending) told.set_ending(true);
    if (client.input_dropped) told.set_input_dropped(true);
    if (client.asks_to_switch) told.set_asks_to_switch(true);
    if (client.nothing_follows) told.set_nothing_follows(true);
    if (client.half_closed) told.set_half_closed_us(micros(*client.half_closed));
}

void tell_backend(const proxy::BackendSide::Carried& backend, MovedBackend& told) {
    told.set_written_before(backend.written_before);
    if (backend.answering) told.set_answering(true);
    if (backend.fresh) told.set_fresh(true);
    if (backend.proven) told.set_proven(true);
    if (backend.bound) told.set_bound(true);
    if (backend.holds) told.set_holds(true);
}

void tell_place(const http::h1::Progress& place, CodecProgress& told) {
    told.set_state(place.state);
    told.set_reading(place.reading.state);
    told.set_to_read(place.reading.left);
    told.set_line_bytes(place.reading.line_bytes);
    told.set_writing(place.writing.kind);
    told.set_to_write(place.writing.left);
    if (place.writing.ended) told.set_written(true);
    if (place.old_version) told.set_old_version(true);
    if (place.to_head) told.set_to_head(true);
    if (place.persistent) told.set_persistent(true);
}

void tell_attempts(const proxy::Attempts::Carried& attempts, bool named, MovedAttempts& told) {
    told.set_failed(attempts.failed);
    if (attempts.idempotent) told.set_idempotent(true);
    if (attempts.repeatable) told.set_repeatable(true);
    if (attempts.binds) told.set_binds(true);
    if (attempts.fresh_only) told.set_fresh_only(true);
    if (named) told.set_named(true);
}

// What is done to its answer, if that has not come yet.
void tell_edits(const proxy::Frontend& frontend, MovedRequest& told) {
    frontend.response_edits.for_each([&](const std::string& name, std::optional<std::string_view> value) {
        FieldEdit& edit = *told.add_answer_edits();
        edit.set_name(name);
        if (value) edit.set_value(std::string(*value));
    });
    if (!frontend.hsts) return;
    told.set_hsts(frontend.hsts->value);
    if (frontend.hsts->replaces) told.set_hsts_replaces(true);
}

MovedRequest::State state_of(proxy::ExchangeMove::Request::Stage stage) noexcept {
    using Stage = proxy::ExchangeMove::Request::Stage;
    switch (stage) {
        case Stage::waiting:
            return MovedRequest::WAITING;
        case Stage::answering:
            return MovedRequest::ANSWERING;
        case Stage::draining:
            break;
    }
    return MovedRequest::DRAINING;
}

void tell_request(const proxy::ExchangeMove& exchange, const proxy::ExchangeMove::Request& request,
                  MovedRequest& told) {
    told.set_state(state_of(request.stage));
    if (const auto place = exchange.place(Direction::request)) tell_place(*place, *told.mutable_client_codec());
    if (const auto place = exchange.place(Direction::response)) tell_place(*place, *told.mutable_backend_codec());
    if (request.upgrade_asked) told.set_upgrade_asked(true);
    if (request.awaits_continue) told.set_awaits_continue(true);
    told.set_request_bytes(request.request_bytes);
    told.set_answer_bytes(exchange.record().body_bytes[1]);
    const proxy::Route& route = exchange.route();
    tell_attempts(request.attempts, route.named != nullptr && route.named.get() == &exchange.backend(),
                  *told.mutable_attempts());
    tell_edits(*route.frontend, told);
}

void tell_story(const proxy::Record& record, const proxy::Frontend* frontend, Monotonic now, ExchangeStory& story) {
    story.set_request_high(record.request_id.high);
    story.set_request_low(record.request_id.low);
    story.set_read_before(record.read_before);
    story.set_written_before(record.written_before);
    story.set_head_bytes(record.head_bytes);
    story.set_first_byte_us(micros(now - record.first_byte));
    story.set_began_us(micros(now - record.began));
    if (record.connecting_at != Monotonic{}) story.set_connecting_us(micros(now - record.connecting_at));
    if (record.connected_at != Monotonic{}) story.set_connected_us(micros(now - record.connected_at));
    if (record.answered_at != Monotonic{}) story.set_answered_us(micros(now - record.answered_at));
    if (record.status != 0) story.set_status(record.status);
    if (record.texts != nullptr) {
        story.set_method(std::string(record.method));
        story.set_authority(std::string(record.authority));
        story.set_path(std::string(record.path));
        story.set_user_agent(std::string(record.user_agent));
        story.set_accept(std::string(record.accept));
    }
    story.set_body_kind(static_cast<uint32_t>(record.body.kind));
    story.set_body_length(record.body.length);
    if (frontend == nullptr) return;
    story.set_tags(frontend->tags);
    for (const auto& [name, value] : frontend->tag_list) {
        Tag& tag = *story.add_tag_list();
        tag.set_name(name);
        tag.set_value(value);
    }
}

}  // namespace

command::ListenerType type_of(const proxy::Listener& listener) {
    if (listener.kind == proxy::Listener::Kind::tcp) return command::TCP;
    return listener.tls != nullptr ? command::HTTPS : command::HTTP;
}

std::optional<ToldExchange> tell(const proxy::ExchangeMove& exchange, uint64_t counted_for, Monotonic now) {
    ToldExchange told;
    MovedExchange& about = told.about;
    const bool can_be_told = tell_ends(exchange, about, told.fds);
    if (can_be_told) tell_pipe(exchange, Direction::request, *about.mutable_client(), told.fds);
    if (can_be_told && about.has_backend())
        tell_pipe(exchange, Direction::response, *about.mutable_backend(), told.fds);
    if (!can_be_told || !std::ranges::all_of(told.fds, &UniqueFd::valid)) {
        wipe(about);
        return std::nullopt;
    }
    about.set_type(type_of(exchange.listener()));
    *about.mutable_listener() = config::to_wire(exchange.listener().address);
    const backend::Backend& backend = exchange.backend();
    about.set_cluster_id(exchange.route().cluster->id());
    about.set_backend_id(backend.id);
    *about.mutable_backend_address() = config::to_wire(backend.address);
    if (!backend.unix_path.empty()) about.set_backend_unix_path(backend.unix_path);
    about.set_counted_for(counted_for);
    tell_timeouts(exchange.timeouts(), *about.mutable_timeouts());
    about.set_client_idle_us(micros(exchange.idle(Direction::request)));
    about.set_backend_idle_us(micros(exchange.idle(Direction::response)));
    tell_client(exchange.client_side().carried(), *about.mutable_client_side());
    if (const auto* const side = exchange.backend_side()) tell_backend(side->carried(), *about.mutable_backend_side());
    tell_story(exchange.record(), exchange.route().frontend.get(), now, *about.mutable_story());
    if (const auto request = exchange.request()) tell_request(exchange, *request, *about.mutable_request());
    return told;
}

proxy::ExchangeMove exchange_at(net::Sessions& sessions, net::SessionId client) {
    return proxy::ExchangeMove(*static_cast<proxy::ClientSide*>(sessions.find(client)->protocol())->exchange());
}

void wipe(MovedExchange& told) {
    const auto wipe_end = [](ExchangeEnd& end) {
        if (end.has_tls()) wipe(*end.mutable_tls());
        end.clear_tls();
    };
    if (told.has_client()) wipe_end(*told.mutable_client());
    if (told.has_backend()) wipe_end(*told.mutable_backend());
}

}  // namespace seki::worker
