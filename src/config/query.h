#pragma once

// What clients may ask about the state, in the messages that they are answered with. What concerns one cluster or one
// host costs what that cluster or host has, not what the state has.

#include <optional>
#include <string>
#include <string_view>

#include "config/state.h"

namespace seki::config {

// No kind chosen means all of them. A domain selects host names that contain it, which TCP and UDP frontends do not
// have; a cluster those that lead to it, if only with a share of the requests.
command::ListedFrontends list_frontends(const State& state, const command::FrontendFilters& filters);

command::ListenersList list_listeners(const State& state);

// One element, or none if there is no such cluster.
command::ClusterInformations cluster_by_id(const State& state, std::string_view cluster_id);

// The clusters that have a rule for exactly this host or pattern and, when given, exactly this path value.
command::ClusterInformations clusters_by_domain(const State& state, const command::QueryClusterByDomain& query);

// With keys. Of a domain those that its clients are shown, whatever kinds of keys they know: of each address, for each
// kind of key, the one that SNI selects (x509::Rank). Where no certificate is for it, the listener's own one would be
// shown, which is not among them. Otherwise the one with the fingerprint, or all.
// With their keys. An error when that would be more than `max_bytes`.
Result<command::CertificatesWithFingerprints> certificates(const State& state,
                                                           const command::QueryCertificatesFilters& query,
                                                           size_t max_bytes);

command::ClusterHashes cluster_hashes(const State& state);

command::RequestCounts request_counts(const State& state);

// How much there is, as the gauges configuration.clusters, .backends and .frontends.
void count_things(const State& state, google::protobuf::Map<std::string, command::FilteredMetrics>& metrics);

// Of one cluster, or of all that have one.
command::HealthChecksList health_checks(const State& state, const command::QueryHealthChecks& query);

}  // namespace seki::config
