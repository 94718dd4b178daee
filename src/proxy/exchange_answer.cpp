// The answers that an exchange gives by itself: refusals, redirects, errors. They go the way of a backend's.

#include <fmt/format.h>
#include <utility>

#include "proxy/answers.h"
#include "proxy/client.h"
#include "proxy/deferred_answer.h"
#include "proxy/exchange.h"

namespace seki::proxy {

using std::chrono_literals::operator""s;

void Exchange::answer(const Reply& reply) {
    // What was made up for another head is done with; a location is part of this one.
    if (reply.location.empty()) context_.added.clear();
    record_.answered(reply.status, context_.loop.now());
    record_.message = reply.message;
    record_.own_answer = true;
    deferred_.reset();
    deferred_request_.reset();
    enter(State::answering);
    if (!request_ended()) client_->resume();  // it drops the rest
    write_answer(reply);
}

// ---- what has to wait

bool Exchange::defers_head() const noexcept { return deferred_ != nullptr && deferred_->has_head(); }

void Exchange::defer(const Reply& reply) {
    deferred_ = std::make_unique<DeferredAnswer>(DeferredAnswer::Own{reply, std::string(reply.location)});
}

void Exchange::defer(const http::ResponseHead& head, const AddedFields& added, bool end) {
    auto kept = KeptAnswer::keep(head, added.all(), context_.buffers);
    if (!kept) {
        release_backend(false);
        return answer({502, "no buffer to keep the head of an answer in"});
    }
    deferred_ = std::make_unique<DeferredAnswer>(DeferredAnswer::BackendHead{std::move(*kept), end});
}

// The client has taken some of what was in the way.
void Exchange::answer_further() {
    if (std::holds_alternative<DeferredAnswer::Rest>(deferred_->part)) return send_rest();
    if (std::holds_alternative<DeferredAnswer::BackendHead>(deferred_->part)) return write_deferred_head();
    const auto own = std::exchange(deferred_, nullptr);
    auto& [reply, location] = std::get<DeferredAnswer::Own>(own->part);
    reply.location = location;
    context_.added.clear();
    write_answer(reply);
}

void Exchange::write_deferred_head() {
    http::ResponseHead& head = context_.own_head;
    const auto& kept = std::get<DeferredAnswer::BackendHead>(deferred_->part);
    kept.head.show(head);
    const bool sent = client_->send_head(client_stream_, head, {}, client_->leaving());
    if (!sent && !client_->all_sent()) return;
    const auto deferred = std::exchange(deferred_, nullptr);
    if (!sent) {
        release_backend(false);
        return answer({502, "head of the answer too large"});
    }
    answer_begins(head, kept.ends);
    if (backend_ != nullptr) backend_->grant_credit(backend_stream_, room_for_answer());
    flush(Direction::response);
}

// An operator's answer may be longer than a buffer: the rest follows as the client takes it.
void Exchange::send_rest() {
    std::string& rest = std::get<DeferredAnswer::Rest>(deferred_->part).body;
    while (!rest.empty() && client_->all_sent()) {
        const size_t fits = std::min(rest.size(), client_->body_room(client_stream_));
        if (fits == 0) break;  // its client takes no more of this stream for now
        active(Direction::response, false);
        client_->send_body(client_stream_, std::string_view(rest).substr(0, fits));
        rest.erase(0, fits);
        if (rest.empty()) end(Direction::response, nullptr);
        client_->flush();
    }
    if (rest.empty()) deferred_.reset();
    check_complete(Direction::response);
}

// ---- what is written

const http::AnswerTemplate* Exchange::custom_answer(const Reply& reply, http::Variables& values) {
    using http::Variable;
    const http::AnswerTemplate* custom = reply.custom;
    std::string_view owner = "frontend";
    if (custom == nullptr && route_.policy != nullptr) {
        custom = route_.policy->answers.find(reply.status);
        owner = "cluster";
    }
    if (custom == nullptr) {
        custom = listener_->answers.find(reply.status);
        owner = "listener";
    }
    if (custom == nullptr) return nullptr;
    AddedFields& texts = context_.added;
    const auto number = [&](uint64_t value) {
        const fmt::format_int digits(value);
        return texts.store({{digits.data(), digits.size()}});
    };
    values.set(Variable::template_name, texts.store({owner, " ", number(reply.status)}));
    const std::string_view between = record_.method.empty() ? "" : " ";
    values.set(Variable::route, texts.store({record_.method, between, record_.authority, record_.path}));
    if (reply.duration) values.set(Variable::duration, number(static_cast<uint64_t>(*reply.duration / 1s)));
    if (reply.capacity) values.set(Variable::capacity, number(*reply.capacity));
    if (route_.cluster != nullptr) values.set(Variable::cluster_id, route_.cluster->id());
    if (attempts_.chosen() != nullptr) values.set(Variable::backend_id, attempts_.chosen()->id);
    return custom;
}

void Exchange::write_answer(const Reply& reply) {
    AnswerParts parts;
    parts.status = reply.status;
    parts.accept = record_.accept;
    parts.id_header = listener_->id_header;
    if (const Hsts* rule = hsts()) parts.hsts = rule->value;
    const fmt::format_int retry_after(reply.retry_after_s);
    char client_ip[SocketAddress::max_ip_text_size];
    using http::Variable;
    http::Variables& values = parts.variables;
    values.set(Variable::request_id, record_.request_id_as_text());
    values.set(Variable::redirect_location, reply.location);
    if (reply.retry_after_s > 0) values.set(Variable::retry_after, {retry_after.data(), retry_after.size()});
    if (reply.status == 401 && route_.policy != nullptr)
        values.set(Variable::www_authenticate, route_.policy->www_authenticate);
    values.set(Variable::client_ip, {client_ip, client_->session().peer().write_ip(client_ip)});
    values.set(Variable::message, reply.message);
    values.set(Variable::method, record_.method);
    values.set(Variable::host, record_.authority);
    values.set(Variable::path, record_.path);
    parts.custom = custom_answer(reply, values);
    const OwnAnswer own(context_.own_head, parts);
    const bool close = client_->leaving() || own.closes() || client_->end_if_spoke_ahead();
    if (!client_->send_head(client_stream_, own.head(), own.added(), close)) {
        return client_->all_sent() ? abort(net::CloseReason::no_resources, reply.message) : defer(reply);
    }
    const std::string_view body = own.body();
    const size_t fits = std::min(body.size(), client_->body_room(client_stream_));
    client_->send_body(client_stream_, body.substr(0, fits));
    if (fits < body.size()) {
        deferred_ = std::make_unique<DeferredAnswer>(DeferredAnswer::Rest{std::string(body.substr(fits))});
        client_->flush();
        return send_rest();
    }
    end(Direction::response, nullptr);
    flush(Direction::response);
}

}  // namespace seki::proxy
