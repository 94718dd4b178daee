#include <algorithm>

#include "base/unix_address.h"
#include "config/check/credential.h"
#include "config/check/rules.h"
#include "config/limits.h"
#include "config/text.h"

namespace seki::config {
namespace {

void check_access(Examiner& examine, const command::Cluster& cluster) {
    if (cluster.authorized_hashes_size() > static_cast<int>(max_credentials)) {
        examine.refuse("authorized_hashes", "{} entries are more than {}", cluster.authorized_hashes_size(),
                       max_credentials);
        return;
    }
    for (int i = 0; i < cluster.authorized_hashes_size(); ++i) {
        const std::string_view why = why_no_credential(cluster.authorized_hashes(i));
        if (!why.empty()) examine.refuse("authorized_hashes", "entry {}: {}", i + 1, why);  // hashes stay out of logs
    }
    if (cluster.www_authenticate().size() > max_challenge_size) {
        examine.refuse("www_authenticate", "it is longer than {} bytes", max_challenge_size);
    }
    if (has_control(cluster.www_authenticate())) examine.refuse("www_authenticate", "it has a control character");
}

void check_limits(Examiner& examine, const command::Cluster& cluster) {
    examine.number("max_connections_per_ip", cluster.max_connections_per_ip(), 0, max_connections_per_worker);
    examine.number("max_connections_per_subnet", cluster.max_connections_per_subnet(), 0, max_connections_per_worker);
    if (cluster.has_max_connection_attempts()) {
        examine.number("max_connection_attempts", cluster.max_connection_attempts(), 1, max_connection_attempts);
    }
    if (cluster.has_retry_after()) examine.number("retry_after", cluster.retry_after(), 0, max_timeout_s);
    if (!cluster.has_rate_limit()) return;
    const command::RateLimit& limit = cluster.rate_limit();
    const auto number = [&](std::string_view name, uint64_t value, uint64_t max) {
        if (value < 1 || value > max) examine.refuse("rate_limit", "{}: {} is not within 1 and {}", name, value, max);
    };
    number("requests_per_second", limit.requests_per_second(), max_requests_per_second);
    if (limit.has_burst()) number("burst", limit.burst(), max_burst);
}

void check_timeouts(Examiner& examine, const command::Cluster& cluster) {
    if (cluster.has_front_timeout()) examine.timeout("front_timeout", cluster.front_timeout());
    if (cluster.has_back_timeout()) examine.timeout("back_timeout", cluster.back_timeout());
    if (cluster.has_connect_timeout()) examine.timeout("connect_timeout", cluster.connect_timeout());
    if (cluster.has_tunnel_timeout()) examine.timeout("tunnel_timeout", cluster.tunnel_timeout());
}

// RFC 6265 §4.1.1: cookie-octet.
void check_sticky_id(Examiner& examine, std::string_view id) {
    examine.id("sticky_id", id, max_sticky_id_size);
    const auto in_cookie = [](char c) { return c > ' ' && c <= '~' && !std::string_view("\",;\\").contains(c); };
    if (!std::ranges::all_of(id, in_cookie)) {
        examine.refuse("sticky_id", "no value of a cookie has spaces, quotes, commas, semicolons or backslashes");
    }
}

void check_unix_path(Examiner& examine, std::string_view path) {
    if (!path.empty() && !path.starts_with('/') && !path.starts_with('@'))
        return examine.refuse("unix_path", "'{}' is neither an absolute path nor '@' and a name", path);
    if (has_control(path)) return examine.refuse("unix_path", "it has a control character");
    if (const auto address = UnixAddress::of(path); !address)
        examine.refuse("unix_path", "{}", address.error().message);
}

// The three that name one backend.
template <typename Message>
void check_backend_key(Examiner& examine, Message& message) {
    examine.id("cluster_id", message.cluster_id(), max_cluster_id_size);
    examine.id("backend_id", message.backend_id(), max_backend_id_size);
    examine.address("address", *message.mutable_address());
}

}  // namespace

// Texts stay as they came, so that the hash of the cluster (cluster_hash.h) is the one that its sender computes.
void check_cluster(Examiner& examine, command::Cluster& cluster) {
    examine.id("cluster_id", cluster.cluster_id(), max_cluster_id_size);
    examine.wants("proxy_protocol", cluster.has_proxy_protocol(), Feature::proxy_protocol);
    const bool by_hash = cluster.load_balancing() == command::HRW || cluster.load_balancing() == command::MAGLEV;
    examine.wants("load_balancing", by_hash, Feature::balancing_by_hash);
    examine.wants("affinity_header", cluster.has_affinity_header(), Feature::balancing_by_hash);
    examine.wants("affinity_cookie", cluster.has_affinity_cookie(), Feature::balancing_by_hash);
    examine.wants("shard_percent", cluster.has_shard_percent(), Feature::sharding);
    examine.wants("shard_min_backends", cluster.has_shard_min_backends(), Feature::sharding);
    examine.wants("shard_mode", cluster.has_shard_mode(), Feature::sharding);
    examine.wants("http2", cluster.http2(), Feature::http2_backends);
    examine.wants("health_check", cluster.has_health_check(), Feature::health_checks);
    examine.wants("udp", cluster.has_udp(), Feature::udp);
    if (cluster.has_tls()) check_backend_tls(examine, *cluster.mutable_tls());
    if (cluster.has_https_redirect_port()) {
        examine.number("https_redirect_port", cluster.https_redirect_port(), 1, max_port);
    }
    examine.answers("answers", cluster.answers());
    examine.answer("answer_503", cluster.answer_503(), 503);
    check_access(examine, cluster);
    check_limits(examine, cluster);
    check_timeouts(examine, cluster);
}

void check_backend(Examiner& examine, command::AddBackend& backend) {
    check_backend_key(examine, backend);
    if (backend.has_unix_path()) check_unix_path(examine, backend.unix_path());
    if (backend.has_sticky_id()) check_sticky_id(examine, backend.sticky_id());
    const int32_t weight = backend.load_balancing_parameters().weight();
    if (weight < 0 || weight > max_weight) {
        examine.refuse("weight", "{} is not within 0 and {}", weight, max_weight);
    }
    if (backend.state() == command::READY) backend.clear_state();
}

void check_backend_removal(Examiner& examine, command::RemoveBackend& removal) { check_backend_key(examine, removal); }

void check_backend_state(Examiner& examine, command::SetBackendState& change) { check_backend_key(examine, change); }

}  // namespace seki::config
