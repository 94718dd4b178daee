#include "worker/running.h"

#include <fmt/format.h>

#include "config/convert.h"

namespace seki::worker {

namespace {

template <typename Config>
proxy::Listener common(const Config& config, proxy::Listener::Kind kind) {
    using std::chrono::seconds;
    const SocketAddress known_as =
        config::checked_address(config.has_public_address() ? config.public_address() : config.address());
    proxy::Listener listener;
    listener.kind = kind;
    // RFC 7239 §6: an IPv6 address stands in brackets and quotes.
    listener.public_node = known_as.is_v4() ? known_as.ip_text() : fmt::format("\"[{}]\"", known_as.ip_text());
    listener.public_port = fmt::format("{}", known_as.port());
    listener.timeouts.front = seconds(config.front_timeout());
    listener.timeouts.back = seconds(config.back_timeout());
    listener.timeouts.connect = seconds(config.connect_timeout());
    return listener;
}

// Of a cluster or a frontend.
template <typename Config>
proxy::TimeoutOverrides timeouts_of(const Config& config) {
    using std::chrono::seconds;
    proxy::TimeoutOverrides timeouts;
    if (config.has_front_timeout()) timeouts.front = seconds(config.front_timeout());
    if (config.has_back_timeout()) timeouts.back = seconds(config.back_timeout());
    if (config.has_connect_timeout()) timeouts.connect = seconds(config.connect_timeout());
    if (config.has_tunnel_timeout()) timeouts.tunnel = seconds(config.tunnel_timeout());
    return timeouts;
}

}  // namespace

proxy::Listener running_listener(const command::HttpListenerConfig& config) {
    proxy::Listener listener = common(config, proxy::Listener::Kind::http);
    listener.timeouts.request = std::chrono::seconds(config.request_timeout());
    if (config.has_sozu_id_header()) listener.id_header = config.sozu_id_header();
    listener.elide_x_real_ip = config.elide_x_real_ip();
    listener.send_x_real_ip = config.send_x_real_ip();
    return listener;
}

proxy::Listener running_listener(const command::TcpListenerConfig& config) {
    return common(config, proxy::Listener::Kind::tcp);
}

std::shared_ptr<const proxy::ClusterPolicy> running_policy(const command::Cluster& config) {
    auto policy = std::make_shared<proxy::ClusterPolicy>();
    policy->sticky = config.sticky_session();
    policy->https_redirect = config.https_redirect();
    policy->https_redirect_port = static_cast<uint16_t>(config.https_redirect_port());
    if (config.has_max_connections_per_ip()) policy->max_connections_per_source = config.max_connections_per_ip();
    if (config.has_retry_after()) policy->retry_after_s = config.retry_after();
    const command::RateLimit& rate = config.rate_limit();
    policy->rate.per_second = rate.requests_per_second();
    policy->rate.burst = rate.has_burst() ? rate.burst() : rate.requests_per_second();
    policy->timeouts = timeouts_of(config);
    return policy;
}

routing::Rule rule_of(const command::RequestHttpFrontend& frontend) {
    const auto kind = frontend.path().kind() == command::EQUALS ? routing::PathKind::equals : routing::PathKind::prefix;
    return {frontend.hostname(), kind, frontend.path().value(), frontend.method()};
}

std::shared_ptr<backend::Backend> running_backend(const command::AddBackend& addition) {
    auto backend = std::make_shared<backend::Backend>();
    backend->cluster_id = addition.cluster_id();
    backend->id = addition.backend_id();
    backend->address = config::checked_address(addition.address());
    backend->address_text = backend->address.text();
    if (addition.has_load_balancing_parameters())
        backend->weight = static_cast<uint32_t>(addition.load_balancing_parameters().weight());
    return backend;
}

}  // namespace seki::worker
