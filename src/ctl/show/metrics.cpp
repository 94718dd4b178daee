#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <string_view>

#include "ctl/show/show.h"
#include "ctl/table.h"
#include "ctl/terminal_text.h"

namespace seki::ctl {
namespace {

using command::FilteredMetrics;
using Metrics = std::map<std::string, FilteredMetrics>;

// Keys may hold tabs where a name has parts.
std::string metric_name(std::string key) {
    std::ranges::replace(key, '\t', '.');
    return key;
}

Metrics sorted(const google::protobuf::Map<std::string, FilteredMetrics>& metrics) {
    return {metrics.begin(), metrics.end()};
}

std::string show_values(const Metrics& metrics) {
    Table table({"metric", "value"});
    for (const auto& [key, metric] : metrics) {
        if (metric.has_gauge()) table.row({metric_name(key), std::to_string(metric.gauge())});
        if (metric.has_count()) table.row({metric_name(key), std::to_string(metric.count())});
        if (metric.has_time()) table.row({metric_name(key), fmt::format("{} ms", metric.time())});
    }
    return table.empty() ? "" : table.text();
}

std::string show_percentiles(const Metrics& metrics) {
    Table table({"metric", "samples", "p50", "p90", "p99", "p99.9", "p99.99", "p99.999", "max"});
    for (const auto& [key, metric] : metrics) {
        if (!metric.has_percentiles()) continue;
        const command::Percentiles& p = metric.percentiles();
        std::vector<std::string> cells{metric_name(key)};
        for (const uint64_t value :
             {p.samples(), p.p_50(), p.p_90(), p.p_99(), p.p_99_9(), p.p_99_99(), p.p_99_999(), p.p_100()}) {
            cells.push_back(std::to_string(value));
        }
        table.row(std::move(cells));
    }
    return table.empty() ? "" : table.text();
}

// One bar for each bucket, as high as its share of the samples: "▁▃█▂". Buckets come cumulative.
std::string bars(const command::FilteredHistogram& histogram) {
    constexpr std::array<std::string_view, 8> heights{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    std::vector<uint64_t> counts;
    uint64_t before = 0;
    for (const command::Bucket& bucket : histogram.buckets()) {
        counts.push_back(bucket.count() - std::min(before, bucket.count()));
        before = bucket.count();
    }
    const uint64_t highest = counts.empty() ? 0 : std::ranges::max(counts);
    std::string out;
    for (const uint64_t count : counts) {
        const double share = highest == 0 ? 0.0 : static_cast<double>(count) / static_cast<double>(highest);
        out += count == 0 ? " " : heights[static_cast<size_t>(share * 7.0)];
    }
    return out;
}

std::string show_histograms(const Metrics& metrics) {
    Table table({"metric", "samples", "sum", "mean", "distribution", "up to"});
    for (const auto& [key, metric] : metrics) {
        if (!metric.has_histogram()) continue;
        const command::FilteredHistogram& histogram = metric.histogram();
        const uint64_t mean = histogram.count() == 0 ? 0 : histogram.sum() / histogram.count();
        const std::string bound = histogram.buckets().empty() ? "" : std::to_string(histogram.buckets().rbegin()->le());
        table.row({metric_name(key), std::to_string(histogram.count()), std::to_string(histogram.sum()),
                   std::to_string(mean), bars(histogram), bound});
    }
    return table.empty() ? "" : table.text();
}

std::string show_all(const Metrics& metrics) {
    return show_values(metrics) + show_percentiles(metrics) + show_histograms(metrics);
}

std::string show_clusters(const google::protobuf::Map<std::string, command::ClusterMetrics>& clusters) {
    const std::map<std::string, command::ClusterMetrics> by_id(clusters.begin(), clusters.end());
    std::string out;
    for (const auto& [id, cluster] : by_id) {
        out += section("Cluster " + id, show_all(sorted(cluster.cluster())));
        for (const command::BackendMetrics& backend : cluster.backends()) {
            out += section("Backend " + id + " / " + backend.backend_id(), show_all(sorted(backend.metrics())));
        }
    }
    return out;
}

std::string lines(const std::string& title, const auto& names) {
    std::string out = names.empty() ? "" : title + "\n";
    for (const std::string& name : names) out += "  " + printable(metric_name(name)) + "\n";
    return out;
}

}  // namespace

std::string show_metrics(const command::WorkerMetrics& metrics) {
    return section("Proxying", show_all(sorted(metrics.proxy()))) + show_clusters(metrics.clusters());
}

std::string show_metrics(const command::AggregatedMetrics& metrics) {
    std::string out = section("Supervisor", show_all(sorted(metrics.main())));
    out += section("Proxying, all workers", show_all(sorted(metrics.proxying())));
    const std::map<std::string, command::WorkerMetrics> workers(metrics.workers().begin(), metrics.workers().end());
    for (const auto& [id, worker] : workers) out += section("Worker " + id, show_metrics(worker));
    out += show_clusters(metrics.clusters());
    return (out.empty() ? "No metrics\n" : out) + silence_text(metrics.silent_workers());
}

std::string show_metric_names(const command::AvailableMetrics& names) {
    const std::string out =
        lines("Metrics of the proxy", names.proxy_metrics()) + lines("Metrics of clusters", names.cluster_metrics());
    return (out.empty() ? "No metrics\n" : out) + silence_text(names.silent_workers());
}

}  // namespace seki::ctl
