#include "config/query.h"

#include <set>
#include <string>

#include "config/cluster_hash.h"
#include "config/served_certificate.h"
#include "routing/host_pattern.h"

namespace seki::config {
namespace {

// Those of the cluster that is named, if there is one.
template <typename Kind, typename Visit>
void visit_frontends(const State& state, const command::FrontendFilters& filters, Visit visit) {
    if (filters.has_cluster_id()) return state.table<Kind>().for_each_of(filters.cluster_id(), visit);
    for (const auto& [key, frontend] : state.table<Kind>().entries()) visit(key, frontend);
}

template <typename Kind, typename List>
void list_routes(const State& state, const command::FrontendFilters& filters, List* list) {
    visit_frontends<Kind>(state, filters, [&](const RouteKey& key, const command::RequestHttpFrontend& frontend) {
        if (key.hostname.contains(filters.domain())) *list->Add() = frontend;
    });
}

template <typename Kind, typename List>
void list_streams(const State& state, const command::FrontendFilters& filters, List* list) {
    visit_frontends<Kind>(state, filters, [list](const auto&, const auto& frontend) { *list->Add() = frontend; });
}

template <typename Kind, typename List>
void list_of_cluster(const State& state, std::string_view cluster_id, List* list) {
    state.table<Kind>().for_each_of(cluster_id, [list](const auto&, const auto& message) { *list->Add() = message; });
}

template <typename Kind, typename Map>
void map_by_address(const State& state, Map* map) {
    for (const auto& [address, listener] : state.table<Kind>().entries())
        (*map)[listener_name(address, listener.interface())] = listener;
}

// The rules of a host are neighbours in the table.
template <typename Kind>
void clusters_of_host(const State& state, const command::QueryClusterByDomain& query,
                      std::set<std::string>& cluster_ids) {
    const auto& entries = state.table<Kind>().entries();
    RouteKey first;
    first.hostname = routing::normalise_host_pattern(query.hostname()).value_or(std::string());
    for (auto entry = entries.lower_bound(first); entry != entries.end(); ++entry) {
        const auto& [key, frontend] = *entry;
        if (key.hostname != first.hostname) return;
        if (query.has_path() && key.path != query.path()) continue;
        for_each_owner<Kind>(frontend, [&](const std::string& cluster_id) { cluster_ids.insert(cluster_id); });
    }
}

}  // namespace

command::ListedFrontends list_frontends(const State& state, const command::FrontendFilters& filters) {
    command::ListedFrontends listed;
    const bool all = !filters.http() && !filters.https() && !filters.tcp();
    if (all || filters.http()) list_routes<HttpFrontends>(state, filters, listed.mutable_http_frontends());
    if (all || filters.https()) list_routes<HttpsFrontends>(state, filters, listed.mutable_https_frontends());
    if ((all || filters.tcp()) && !filters.has_domain()) {
        list_streams<TcpFrontends>(state, filters, listed.mutable_tcp_frontends());
        list_streams<UdpFrontends>(state, filters, listed.mutable_udp_frontends());
    }
    return listed;
}

command::ListenersList list_listeners(const State& state) {
    command::ListenersList list;
    map_by_address<HttpListeners>(state, list.mutable_http_listeners());
    map_by_address<HttpsListeners>(state, list.mutable_https_listeners());
    map_by_address<TcpListeners>(state, list.mutable_tcp_listeners());
    map_by_address<UdpListeners>(state, list.mutable_udp_listeners());
    return list;
}

command::ClusterInformations cluster_by_id(const State& state, std::string_view cluster_id) {
    command::ClusterInformations found;
    const command::Cluster* cluster = state.table<Clusters>().find(std::string(cluster_id));
    if (cluster == nullptr) return found;
    command::ClusterInformation& information = *found.add_vec();
    *information.mutable_configuration() = *cluster;
    list_of_cluster<HttpFrontends>(state, cluster_id, information.mutable_http_frontends());
    list_of_cluster<HttpsFrontends>(state, cluster_id, information.mutable_https_frontends());
    list_of_cluster<TcpFrontends>(state, cluster_id, information.mutable_tcp_frontends());
    list_of_cluster<UdpFrontends>(state, cluster_id, information.mutable_udp_frontends());
    list_of_cluster<Backends>(state, cluster_id, information.mutable_backends());
    return found;
}

command::ClusterInformations clusters_by_domain(const State& state, const command::QueryClusterByDomain& query) {
    std::set<std::string> cluster_ids;
    clusters_of_host<HttpFrontends>(state, query, cluster_ids);
    clusters_of_host<HttpsFrontends>(state, query, cluster_ids);
    command::ClusterInformations found;
    for (const std::string& cluster_id : cluster_ids) found.MergeFrom(cluster_by_id(state, cluster_id));
    return found;
}

Result<command::CertificatesWithFingerprints> certificates(const State& state,
                                                           const command::QueryCertificatesFilters& query,
                                                           size_t max_bytes) {
    command::CertificatesWithFingerprints found;
    size_t bytes = 0;
    const auto add = [&](const CertificateKey& key, const StoredCertificate& certificate) {
        if (bytes > max_bytes) return;
        command::CertificateAndKey& message = (*found.mutable_certs())[Certificates::key_text(key)];
        message = certificate.message();
        bytes += message.ByteSizeLong();
    };
    if (query.has_domain()) {
        for_each_served_certificate(state, query.domain(), add);
    } else {
        const auto wanted = parse_fingerprint(query.fingerprint());
        for (const auto& [key, certificate] : state.table<Certificates>().entries()) {
            if (!query.has_fingerprint() || wanted == key.fingerprint) add(key, certificate);
        }
    }
    if (bytes <= max_bytes) return found;
    return failure(
        "they are more than {} bytes, which an answer can have (max_command_buffer_size): ask for a domain, or "
        "for a fingerprint",
        max_bytes);
}

command::ClusterHashes cluster_hashes(const State& state) {
    command::ClusterHashes hashes;
    for (const auto& [cluster_id, cluster] : state.table<Clusters>().entries()) {
        (*hashes.mutable_map())[cluster_id] = cluster_hash(state, cluster_id);
    }
    return hashes;
}

command::RequestCounts request_counts(const State& state) {
    command::RequestCounts counts;
    for (const auto& [verb, count] : state.counts()) (*counts.mutable_map())[verb] = count;
    return counts;
}

void count_things(const State& state, google::protobuf::Map<std::string, command::FilteredMetrics>& metrics) {
    const auto count = [&]<typename... Kinds>(const std::string& name) {
        metrics[name].set_gauge((state.table<Kinds>().entries().size() + ...));
    };
    count.operator()<Clusters>("configuration.clusters");
    count.operator()<Backends>("configuration.backends");
    count.operator()<HttpFrontends, HttpsFrontends, TcpFrontends, UdpFrontends>("configuration.frontends");
}

command::HealthChecksList health_checks(const State& state, const command::QueryHealthChecks& query) {
    command::HealthChecksList list;
    const auto add = [&](const command::Cluster& cluster) {
        if (cluster.has_health_check()) (*list.mutable_map())[cluster.cluster_id()] = cluster.health_check();
    };
    if (!query.has_cluster_id()) {
        for (const auto& [cluster_id, cluster] : state.table<Clusters>().entries()) add(cluster);
        return list;
    }
    if (const auto* cluster = state.table<Clusters>().find(query.cluster_id())) add(*cluster);
    return list;
}

}  // namespace seki::config
