#include "observe/metrics_report.h"

#include <algorithm>
#include <fmt/format.h>

namespace seki::observe {

namespace {

using Figures = google::protobuf::Map<std::string, command::FilteredMetrics>;

constexpr uint64_t us_per_ms = 1000;

void fill_percentiles(const HistogramView& times, command::Percentiles& out) {
    const auto ms = [&](double share) { return times.percentile_us(share) / us_per_ms; };
    out.set_samples(times.samples());
    out.set_p_50(ms(0.5));
    out.set_p_90(ms(0.9));
    out.set_p_99(ms(0.99));
    out.set_p_99_9(ms(0.999));
    out.set_p_99_99(ms(0.9999));
    out.set_p_99_999(ms(0.99999));
    out.set_p_100(times.max_us() / us_per_ms);
    out.set_sum(times.sum_us() / us_per_ms);
}

void fill_buckets(const HistogramView& times, command::FilteredHistogram& out) {
    const uint64_t all = times.samples();
    out.set_sum(times.sum_us() / us_per_ms);
    out.set_count(all);
    uint64_t seen = 0;
    size_t step = 0;
    for (uint64_t le = 0; seen < all; le = 2 * le + 1) {
        while (step < times.steps() && times.upper_us(step) / us_per_ms <= le) seen += times.count_of(step++);
        if (step == times.steps()) seen = all;
        command::Bucket* bucket = out.add_buckets();
        bucket->set_le(le);
        bucket->set_count(seen);
    }
}

std::string histogram_name(std::string_view name) { return fmt::format("{}_histogram", name); }

// Writes figures into one map of the report, those whose names are asked for.
class Page {
public:
    Page(const command::QueryMetricsOptions& query, Figures& figures) : query_(query), figures_(figures) {}

    void count(std::string_view name, uint64_t value) {
        if (wanted(name)) figures_[std::string(name)].set_count(static_cast<int64_t>(value));
    }
    void gauge(std::string_view name, uint64_t value) {
        if (wanted(name)) figures_[std::string(name)].set_gauge(value);
    }
    void times(std::string_view name, const HistogramView& times) {
        if (times.samples() == 0) return;
        if (wanted(name)) fill_percentiles(times, *figures_[std::string(name)].mutable_percentiles());
        const std::string with_buckets = histogram_name(name);
        if (wanted(with_buckets)) fill_buckets(times, *figures_[with_buckets].mutable_histogram());
    }
    void series(const Series& series) {
        for (size_t i = 0; i < series.counters.size(); ++i) {
            if (series.counters[i] != 0) count(series_counter_names[i], series.counters[i]);
        }
        for (size_t i = 0; i < series.times.size(); ++i) times(time_names[i], series.times[i]);
    }

private:
    [[nodiscard]] bool wanted(std::string_view name) const {
        const auto& names = query_.metric_names();
        return names.empty() || std::find(names.begin(), names.end(), name) != names.end();
    }

    const command::QueryMetricsOptions& query_;
    Figures& figures_;
};

class Report {
public:
    Report(const Metrics& metrics, const command::QueryMetricsOptions& query, command::WorkerMetrics& report)
        : metrics_(metrics), query_(query), report_(report) {}

    void fill() {
        process();
        if (query_.no_clusters()) return;
        if (!query_.cluster_ids().empty()) return named_clusters();
        if (!query_.backend_ids().empty()) return named_backends();
        for (const auto& [id, series] : metrics_.clusters()) cluster(id, *series, true);
    }

private:
    void process() {
        Page page(query_, *report_.mutable_proxy());
        for (size_t i = 0; i < counter_names.size(); ++i)
            page.count(counter_names[i], metrics_.value(static_cast<Counter>(i)));
        for (size_t i = 0; i < gauge_names.size(); ++i)
            page.gauge(gauge_names[i], metrics_.value(static_cast<Gauge>(i)));
        for (size_t i = 0; i < time_names.size(); ++i) page.times(time_names[i], metrics_.times(static_cast<Time>(i)));
    }

    void cluster(const std::string& id, const ClusterSeries& series, bool with_own) {
        command::ClusterMetrics& out = (*report_.mutable_clusters())[id];
        if (with_own) Page(query_, *out.mutable_cluster()).series(series);
        for (const auto& [backend_id, backend] : series.backends) {
            command::BackendMetrics* entry = out.add_backends();
            entry->set_backend_id(backend_id);
            Page(query_, *entry->mutable_metrics()).series(*backend);
        }
    }

    void named_clusters() {
        for (const std::string& id : query_.cluster_ids()) {
            const auto found = metrics_.clusters().find(id);
            if (found != metrics_.clusters().end()) cluster(id, *found->second, true);
        }
    }

    // The clusters that own them, with all their backends.
    void named_backends() {
        for (const auto& [id, series] : metrics_.clusters()) {
            const auto owns = [&](const std::string& backend) { return series->backends.contains(backend); };
            if (std::ranges::any_of(query_.backend_ids(), owns)) cluster(id, *series, false);
        }
    }

    const Metrics& metrics_;
    const command::QueryMetricsOptions& query_;
    command::WorkerMetrics& report_;
};

}  // namespace

void fill_metrics(const Metrics& metrics, const command::QueryMetricsOptions& query, command::WorkerMetrics& report) {
    Report(metrics, query, report).fill();
}

bool is_metric(std::string_view name) {
    const auto among = [&](const auto& names) { return std::ranges::find(names, name) != names.end(); };
    return among(counter_names) || among(gauge_names) || among(time_names) || among(series_counter_names) ||
           std::ranges::any_of(time_names, [&](std::string_view time) { return histogram_name(time) == name; });
}

void fill_names(const Metrics& metrics, command::AvailableMetrics& names) {
    for (const std::string_view name : counter_names) names.add_proxy_metrics(std::string(name));
    for (const std::string_view name : gauge_names) names.add_proxy_metrics(std::string(name));
    for (const std::string_view name : time_names) {
        names.add_proxy_metrics(std::string(name));
        names.add_proxy_metrics(histogram_name(name));
    }
    if (metrics.clusters().empty()) return;
    for (const std::string_view name : series_counter_names) names.add_cluster_metrics(std::string(name));
    for (const std::string_view name : time_names) {
        names.add_cluster_metrics(std::string(name));
        names.add_cluster_metrics(histogram_name(name));
    }
}

}  // namespace seki::observe
