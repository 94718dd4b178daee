#include "supervisor/former_figures.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "supervisor/metrics_join.h"

namespace seki::supervisor {
namespace {

using Figures = google::protobuf::Map<std::string, command::FilteredMetrics>;
using BackendNames = std::set<std::pair<std::string, std::string>>;

void drop_levels(Figures& figures) {
    for (auto figure = figures.begin(); figure != figures.end();) {
        figure = figure->second.has_gauge() ? figures.erase(figure) : std::next(figure);
    }
}

bool among(const google::protobuf::RepeatedPtrField<std::string>& names, const std::string& name) {
    return std::ranges::find(names, name) != names.end();
}

void keep(const command::QueryMetricsOptions& query, Figures& figures) {
    if (query.metric_names().empty()) return;
    for (auto figure = figures.begin(); figure != figures.end();) {
        figure = among(query.metric_names(), figure->first) ? std::next(figure) : figures.erase(figure);
    }
}

BackendNames backends_of(const config::State& state) {
    BackendNames names;
    for (const auto& [key, backend] : state.table<config::Backends>().entries()) {
        names.emplace(key.cluster_id, key.backend_id);
    }
    return names;
}

void drop_what_is_gone(google::protobuf::Map<std::string, command::ClusterMetrics>& clusters,
                       const config::State& state) {
    const BackendNames there = backends_of(state);
    for (auto cluster = clusters.begin(); cluster != clusters.end();) {
        const std::string& id = cluster->first;
        if (state.table<config::Clusters>().find(id) == nullptr) {
            cluster = clusters.erase(cluster);
            continue;
        }
        auto& backends = *cluster->second.mutable_backends();
        const auto gone = std::remove_if(backends.begin(), backends.end(), [&](const auto& backend) {
            return !there.contains({id, backend.backend_id()});
        });
        backends.erase(gone, backends.end());
        ++cluster;
    }
}

bool owns_named(const command::QueryMetricsOptions& query, const command::ClusterMetrics& cluster) {
    return std::ranges::any_of(cluster.backends(),
                               [&](const auto& backend) { return among(query.backend_ids(), backend.backend_id()); });
}

}  // namespace

void FormerFigures::add(const command::WorkerMetrics& of_one, const config::State& state) {
    command::WorkerMetrics counted = of_one;
    drop_levels(*counted.mutable_proxy());
    for (auto& [id, cluster] : *counted.mutable_clusters()) {
        drop_levels(*cluster.mutable_cluster());
        for (command::BackendMetrics& backend : *cluster.mutable_backends()) drop_levels(*backend.mutable_metrics());
    }
    join_metrics(sum_, counted);
    drop_what_is_gone(*sum_.mutable_clusters(), state);
}

command::WorkerMetrics FormerFigures::answer(const command::QueryMetricsOptions& query,
                                             const config::State& state) const {
    command::WorkerMetrics told;
    const bool of_all = query.cluster_ids().empty() && query.backend_ids().empty();
    *told.mutable_proxy() = sum_.proxying();
    keep(query, *told.mutable_proxy());
    if (query.no_clusters() || sum_.clusters().empty()) return told;
    const BackendNames there = backends_of(state);
    for (const auto& [id, figures] : sum_.clusters()) {
        const bool named = among(query.cluster_ids(), id);
        if (state.table<config::Clusters>().find(id) == nullptr) continue;
        const bool owns = query.cluster_ids().empty() && owns_named(query, figures);
        if (!of_all && !named && !owns) continue;
        command::ClusterMetrics& cluster = (*told.mutable_clusters())[id];
        if (of_all || named) *cluster.mutable_cluster() = figures.cluster();
        keep(query, *cluster.mutable_cluster());
        for (const command::BackendMetrics& backend : figures.backends()) {
            if (!there.contains({id, backend.backend_id()})) continue;
            command::BackendMetrics& own = *cluster.add_backends();
            own = backend;
            keep(query, *own.mutable_metrics());
        }
    }
    return told;
}

}  // namespace seki::supervisor
