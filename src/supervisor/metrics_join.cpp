#include "supervisor/metrics_join.h"

#include <algorithm>
#include <set>
#include <string>
#include <string_view>

namespace seki::supervisor {
namespace {

using command::FilteredHistogram;
using command::FilteredMetrics;
using command::Percentiles;
using MetricMap = google::protobuf::Map<std::string, FilteredMetrics>;

void join(Percentiles& into, const Percentiles& other) {
    into.set_samples(into.samples() + other.samples());
    into.set_sum(into.sum() + other.sum());
    into.set_p_50(std::max(into.p_50(), other.p_50()));
    into.set_p_90(std::max(into.p_90(), other.p_90()));
    into.set_p_99(std::max(into.p_99(), other.p_99()));
    into.set_p_99_9(std::max(into.p_99_9(), other.p_99_9()));
    into.set_p_99_99(std::max(into.p_99_99(), other.p_99_99()));
    into.set_p_99_999(std::max(into.p_99_999(), other.p_99_999()));
    into.set_p_100(std::max(into.p_100(), other.p_100()));
}

// Buckets are cumulative and begin with the smallest; the shorter list ends where all its samples are counted.
void join(FilteredHistogram& into, const FilteredHistogram& other) {
    const int size = std::max(into.buckets_size(), other.buckets_size());
    const uint64_t mine = into.count();
    for (int index = 0; index < size; ++index) {
        const uint64_t added = index < other.buckets_size() ? other.buckets(index).count() : other.count();
        if (index < into.buckets_size()) {
            command::Bucket& bucket = *into.mutable_buckets(index);
            bucket.set_count(bucket.count() + added);
        } else {
            command::Bucket& bucket = *into.add_buckets();
            bucket.set_le(other.buckets(index).le());
            bucket.set_count(mine + added);
        }
    }
    into.set_count(mine + other.count());
    into.set_sum(into.sum() + other.sum());
}

// What does not add up: of all workers the highest counts.
bool is_peak(std::string_view name) { return name.ends_with("_percent") || name == "process.uptime_seconds"; }

void join(MetricMap& into, const MetricMap& of_one) {
    for (const auto& [name, metric] : of_one) {
        FilteredMetrics& joined = into[name];
        if (is_peak(name) && joined.inner_case() == FilteredMetrics::kGauge) {
            joined.set_gauge(std::max(joined.gauge(), metric.gauge()));
        } else {
            join_metric(joined, metric);
        }
    }
}

command::BackendMetrics& backend_of(command::ClusterMetrics& cluster, const std::string& id) {
    for (command::BackendMetrics& backend : *cluster.mutable_backends()) {
        if (backend.backend_id() == id) return backend;
    }
    command::BackendMetrics& backend = *cluster.add_backends();
    backend.set_backend_id(id);
    return backend;
}

template <typename Names>
void join_sorted(Names& into, const Names& of_one) {
    std::set<std::string> names(into.begin(), into.end());
    names.insert(of_one.begin(), of_one.end());
    into.Assign(names.begin(), names.end());
}

}  // namespace

void join_metric(FilteredMetrics& into, const FilteredMetrics& of_one) {
    if (into.inner_case() == FilteredMetrics::INNER_NOT_SET) {
        into = of_one;
        return;
    }
    if (into.inner_case() != of_one.inner_case()) return;  // workers of different versions; the first one's is kept
    switch (of_one.inner_case()) {
        case FilteredMetrics::kGauge:
            return into.set_gauge(into.gauge() + of_one.gauge());
        case FilteredMetrics::kCount:
            return into.set_count(into.count() + of_one.count());
        case FilteredMetrics::kPercentiles:
            return join(*into.mutable_percentiles(), of_one.percentiles());
        case FilteredMetrics::kHistogram:
            return join(*into.mutable_histogram(), of_one.histogram());
        default:
            return;
    }
}

void join_metrics(command::AggregatedMetrics& into, const command::WorkerMetrics& of_one) {
    join(*into.mutable_proxying(), of_one.proxy());
    for (const auto& [id, cluster] : of_one.clusters()) {
        command::ClusterMetrics& mine = (*into.mutable_clusters())[id];
        join(*mine.mutable_cluster(), cluster.cluster());
        for (const command::BackendMetrics& backend : cluster.backends()) {
            join(*backend_of(mine, backend.backend_id()).mutable_metrics(), backend.metrics());
        }
    }
}

void join_names(command::AvailableMetrics& into, const command::AvailableMetrics& of_one) {
    join_sorted(*into.mutable_proxy_metrics(), of_one.proxy_metrics());
    join_sorted(*into.mutable_cluster_metrics(), of_one.cluster_metrics());
}

}  // namespace seki::supervisor
