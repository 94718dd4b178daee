#include "worker/running.h"

#include <algorithm>
#include <fmt/format.h>
#include <string>

#include "config/convert.h"
#include "config/limits.h"
#include "worker/running_tls.h"

namespace seki::worker {

namespace {

template <typename Config>
proxy::Listener common(const Config& config, proxy::Listener::Kind kind, http::Scheme scheme = http::Scheme::http) {
    using std::chrono::seconds;
    const SocketAddress known_as =
        config::checked_address(config.has_public_address() ? config.public_address() : config.address());
    proxy::Listener listener;
    listener.kind = kind;
    // RFC 7239 §6: an IPv6 address stands in brackets and quotes.
    listener.public_node = known_as.is_v4() ? known_as.ip_text() : fmt::format("\"[{}]\"", known_as.ip_text());
    listener.forwarded_by = "\";by=" + listener.public_node;
    listener.public_port = fmt::format("{}", known_as.port());
    if (!known_as.ip_address().is_any()) listener.own_authority = proxy::authority_of(known_as, scheme);
    listener.timeouts.front = seconds(config.front_timeout());
    listener.timeouts.back = seconds(config.back_timeout());
    listener.timeouts.connect = seconds(config.connect_timeout());
    return listener;
}

using Answers = google::protobuf::Map<std::string, std::string>;

Result<> put_answer(const std::string& status, const std::string& text, proxy::AnswerTemplates& answers) {
    if (text.empty()) return {};
    auto parsed = http::AnswerTemplate::parse(static_cast<uint16_t>(std::stoi(status)), text);
    if (!parsed) return failure("the answer for {}: {}", status, parsed.error().message);
    answers.put(std::move(*parsed));
    return {};
}

Result<> put_answers(const Answers& texts, proxy::AnswerTemplates& answers) {
    for (const auto& [status, text] : texts) {
        if (auto put = put_answer(status, text, answers); !put) return put;
    }
    return {};
}

proxy::StickyCookie::SameSite same_site(const command::StickyCookie& config) {
    using SameSite = proxy::StickyCookie::SameSite;
    if (!config.has_same_site()) return SameSite::unset;
    switch (config.same_site()) {
        case command::LAX:
            return SameSite::lax;
        case command::STRICT:
            return SameSite::strict;
        case command::NONE:
            break;
    }
    return SameSite::none;
}

template <typename Config>
proxy::StickyCookie sticky_cookie(const Config& config) {
    proxy::StickyCookie cookie;
    if (!config.sticky_name().empty()) cookie.name = config.sticky_name();
    const command::StickyCookie& attributes = config.sticky_cookie();
    cookie.path = attributes.path();
    cookie.http_only = attributes.http_only();
    cookie.same_site = same_site(attributes);
    if (attributes.has_secure()) cookie.secure = attributes.secure();
    if (attributes.has_max_age()) cookie.max_age_s = attributes.max_age();
    return cookie;
}

std::optional<Duration> half_close_timeout(uint32_t seconds) {
    if (seconds == config::timeout_off) return std::nullopt;
    return std::chrono::seconds(seconds);
}

template <typename Config>
void set_limits(const Config& config, uint32_t buffer_size, proxy::Listener& listener) {
    http::HeadLimits& limits = listener.head_limits;
    if (config.has_max_header_bytes()) limits.max_head_bytes = std::min(config.max_header_bytes(), buffer_size);
    if (config.has_max_uri_bytes()) limits.max_target_bytes = config.max_uri_bytes();
    limits.max_target_bytes = std::min(limits.max_target_bytes, limits.max_head_bytes);
    if (config.has_max_header_fields()) limits.max_fields = config.max_header_fields();
    listener.max_body_bytes = config.max_body_bytes();
    listener.min_body_bytes_per_second = config.min_body_rate();
    listener.lingering = {config.lingering_bytes(), std::chrono::seconds(config.lingering_timeout())};
}

void set_path_form(command::PathNormalization::Mode mode, proxy::Listener& listener) {
    if (mode == command::PathNormalization::OFF) listener.path_form = routing::PathForm::as_written;
    listener.refuses_ambiguous_paths = mode == command::PathNormalization::STRICT;
}

void set_forwarded_headers(command::ForwardedHeaders mode, proxy::Listener& listener) {
    listener.says_x_forwarded =
        mode == command::FORWARDED_HEADERS_BOTH || mode == command::FORWARDED_HEADERS_X_FORWARDED;
    listener.says_forwarded = mode == command::FORWARDED_HEADERS_BOTH || mode == command::FORWARDED_HEADERS_RFC7239;
}

// Of HTTP and HTTPS.
template <typename Config>
Result<proxy::Listener> http_listener(const Config& config, http::Scheme scheme, const http::HeadLimits& limits,
                                      uint32_t buffer_size) {
    proxy::Listener listener = common(config, proxy::Listener::Kind::http, scheme);
    listener.timeouts.request = std::chrono::seconds(config.request_timeout());
    if (config.has_tunnel_timeout()) listener.timeouts.tunnel = std::chrono::seconds(config.tunnel_timeout());
    listener.timeouts.half_close = half_close_timeout(config.client_half_close_timeout());
    if (config.has_sozu_id_header()) listener.id_header = config.sozu_id_header();
    listener.elide_x_real_ip = config.elide_x_real_ip();
    listener.send_x_real_ip = config.send_x_real_ip();
    listener.elide_lookalike_fields = config.elide_lookalike_fields();
    if (config.has_trusted_proxies()) {
        listener.trusted_proxies = NetworkSet(config::checked_networks(config.trusted_proxies().values()));
    }
    set_forwarded_headers(config.forwarded_headers(), listener);
    set_path_form(config.path_normalization(), listener);
    listener.sticky_cookie = sticky_cookie(config);
    listener.head_limits = limits;
    set_limits(config, buffer_size, listener);
    if (auto put = put_answers(config.answers(), listener.answers); !put) return std::unexpected(put.error());
    return listener;
}

}  // namespace

Result<proxy::Listener> running_listener(const command::HttpListenerConfig& config, const http::HeadLimits& limits,
                                         uint32_t buffer_size) {
    return http_listener(config, http::Scheme::http, limits, buffer_size);
}

Result<proxy::Listener> running_listener(const command::HttpsListenerConfig& config, const http::HeadLimits& limits,
                                         uint32_t buffer_size, const Tls& tls) {
    auto listener = http_listener(config, http::Scheme::https, limits, buffer_size);
    if (!listener) return listener;
    auto settings = running_server_settings(config);
    if (!settings) return std::unexpected(settings.error());
    auto context = tls::ServerContext::make(tls.engine, std::move(*settings), tls.certificates);
    if (!context) return std::unexpected(context.error());
    listener->tls = std::move(*context);
    listener->handshake_timeout = std::chrono::seconds(config.handshake_timeout());
    listener->strict_sni_binding = !config.has_strict_sni_binding() || config.strict_sni_binding();
    listener->hsts = running_hsts(config.hsts());
    listener->client_fields = running_client_fields(config.client_auth_headers());
    return listener;
}

proxy::Listener running_listener(const command::TcpListenerConfig& config) {
    return common(config, proxy::Listener::Kind::tcp);
}

// "user:hash"
static auth::Credentials credentials(const google::protobuf::RepeatedPtrField<std::string>& texts) {
    auth::Credentials credentials;
    for (const std::string& text : texts) {
        const size_t colon = text.find(':');
        if (colon != std::string::npos) credentials.add(text.substr(0, colon), text.substr(colon + 1));
    }
    return credentials;
}

static proxy::BackendReuse reuse_of(command::BackendReuse reuse) {
    switch (reuse) {
        case command::SAFE:
            break;
        case command::ALWAYS:
            return proxy::BackendReuse::always;
        case command::NEVER:
            return proxy::BackendReuse::never;
    }
    return proxy::BackendReuse::safe;
}

Result<std::shared_ptr<const proxy::ClusterPolicy>> running_policy(const command::Cluster& config, tls::Engine& engine,
                                                                   const proxy::ClusterPolicy* before) {
    auto policy = std::make_shared<proxy::ClusterPolicy>();
    policy->reuse = reuse_of(config.backend_reuse());
    policy->sticky = config.sticky_session();
    policy->https_redirect = config.https_redirect();
    policy->https_redirect_port = static_cast<uint16_t>(config.https_redirect_port());
    if (config.has_max_connections_per_ip()) policy->max_connections_per_source = config.max_connections_per_ip();
    if (config.has_max_connections_per_subnet())
        policy->max_connections_per_subnet = config.max_connections_per_subnet();
    if (config.has_max_connection_attempts())
        policy->max_connection_attempts = static_cast<uint8_t>(config.max_connection_attempts());
    if (config.has_retry_after()) policy->retry_after_s = config.retry_after();
    const command::RateLimit& rate = config.rate_limit();
    policy->rate.per_second = rate.requests_per_second();
    policy->rate.burst = rate.has_burst() ? rate.burst() : rate.requests_per_second();
    policy->timeouts = timeouts_of(config);
    policy->credentials = credentials(config.authorized_hashes());
    policy->www_authenticate = config.www_authenticate();
    auto put = put_answer("503", config.answer_503(), policy->answers);
    if (put) put = put_answers(config.answers(), policy->answers);  // these go before the older form
    if (!put) return std::unexpected(put.error());
    if (config.has_tls()) {
        auto tls = running_client_context(config.tls(), engine, before != nullptr ? before->tls : nullptr);
        if (!tls) return std::unexpected(tls.error());
        policy->tls = std::move(*tls);
    }
    return policy;
}

Result<backend::BalancingChoice> running_balancing(const command::Cluster& config) {
    const std::string& name = command::LoadBalancingAlgorithms_Name(config.load_balancing());
    backend::BalancingChoice choice;
    choice.algorithm = backend::find_algorithm(name);
    if (choice.algorithm == nullptr) return failure("load balancing by {}: this worker has no such algorithm", name);
    if (config.load_metric() == command::REQUESTS) choice.metric = backend::LoadMetric::requests;
    if (config.load_metric() == command::CONNECTION_TIME) choice.metric = backend::LoadMetric::connection_time;
    return choice;
}

backend::State running_state(command::BackendState state) {
    switch (state) {
        case command::READY:
            return backend::State::ready;
        case command::DRAIN:
            return backend::State::drain;
        case command::MAINTENANCE:
            break;
    }
    return backend::State::maintenance;
}

std::shared_ptr<backend::Backend> running_backend(const command::AddBackend& addition) {
    auto backend = std::make_shared<backend::Backend>();
    backend->cluster_id = addition.cluster_id();
    backend->id = addition.backend_id();
    backend->address = config::checked_address(addition.address());
    backend->address_text = backend->address.text();
    backend->unix_path = addition.unix_path();
    backend->weight = config::weight_of(addition);
    backend->cookie = proxy::cookie_text(addition.has_sticky_id() ? addition.sticky_id() : addition.backend_id());
    backend->state = running_state(addition.state());
    backend->backup = addition.backup();
    return backend;
}

}  // namespace seki::worker
