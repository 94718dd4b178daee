#include "config/check_rules.h"
#include "config/limits.h"

namespace seki::config {

void check_cluster(Examiner& examine, command::Cluster& cluster) {
    examine.id("cluster_id", cluster.cluster_id(), max_cluster_id_size);
    examine.wants("sticky_session", cluster.sticky_session(), Feature::sticky_sessions);
    examine.wants("https_redirect", cluster.https_redirect(), Feature::redirects);
    examine.wants("proxy_protocol", cluster.has_proxy_protocol(), Feature::proxy_protocol);
    examine.wants("load_balancing", cluster.load_balancing() != command::ROUND_ROBIN, Feature::balancing_algorithms);
    examine.wants("http2", cluster.http2(), Feature::http2_backends);
    examine.wants("answer_503", !cluster.answer_503().empty(), Feature::custom_answers);
    examine.wants("answers", !cluster.answers().empty(), Feature::custom_answers);
    examine.wants("authorized_hashes", !cluster.authorized_hashes().empty(), Feature::basic_auth);
    examine.wants("www_authenticate", cluster.has_www_authenticate(), Feature::basic_auth);
    examine.wants("max_connections_per_ip", cluster.max_connections_per_ip() > 0, Feature::connections_per_ip);
    examine.wants("health_check", cluster.has_health_check(), Feature::health_checks);
    examine.wants("udp", cluster.has_udp(), Feature::udp);
    if (cluster.has_https_redirect_port()) {
        examine.number("https_redirect_port", cluster.https_redirect_port(), 1, max_port);
    }
    if (cluster.has_retry_after()) examine.number("retry_after", cluster.retry_after(), 0, max_timeout_s);
}

void check_backend(Examiner& examine, command::AddBackend& backend) {
    examine.id("cluster_id", backend.cluster_id(), max_cluster_id_size);
    examine.id("backend_id", backend.backend_id(), max_backend_id_size);
    examine.address("address", *backend.mutable_address());
    if (backend.has_sticky_id()) examine.id("sticky_id", backend.sticky_id(), max_sticky_id_size);
    examine.wants("backup", backend.backup(), Feature::backup_backends);
    const int32_t weight = backend.load_balancing_parameters().weight();
    if (weight < 0 || weight > max_weight) {
        examine.refuse("weight", "{} is not within 0 and {}", weight, max_weight);
    }
}

void check_backend_removal(Examiner& examine, command::RemoveBackend& removal) {
    examine.id("cluster_id", removal.cluster_id(), max_cluster_id_size);
    examine.id("backend_id", removal.backend_id(), max_backend_id_size);
    examine.address("address", *removal.mutable_address());
}

}  // namespace seki::config
