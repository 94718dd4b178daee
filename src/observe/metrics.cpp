#include "observe/metrics.h"

#include "base/absl_view.h"

namespace seki::observe {

namespace {

constexpr Counter of_class(uint16_t status) noexcept {
    if (status == 0) return Counter::http_status_none;
    if (status < 100 || status > 599) return Counter::http_status_other;
    return static_cast<Counter>(static_cast<size_t>(Counter::http_status_1xx) + status / 100 - 1);
}

// The counter of each status; that of its class where it has none.
constexpr std::array<Counter, 600> make_status_counters() {
    std::array<Counter, 600> counters{};
    for (size_t status = 0; status < counters.size(); ++status)
        counters[status] = of_class(static_cast<uint16_t>(status));
    constexpr auto first = static_cast<size_t>(Counter::http_status_200);
    constexpr auto last = static_cast<size_t>(Counter::http_status_507);
    for (size_t counter = first; counter <= last; ++counter) {
        size_t status = 0;
        for (const char digit : counter_names[counter].substr(12))
            status = status * 10 + static_cast<size_t>(digit - '0');
        counters[status] = static_cast<Counter>(counter);
    }
    return counters;
}
constexpr std::array<Counter, 600> status_counters = make_status_counters();

}  // namespace

void Series::add_status(uint16_t status) noexcept {
    if (status < 100 || status > 599) return add(SeriesCounter::status_other);
    add(static_cast<SeriesCounter>(static_cast<size_t>(SeriesCounter::status_1xx) + status / 100 - 1));
}

void Metrics::add_status(uint16_t status) noexcept {
    const Counter by_class = of_class(status);
    add(by_class);
    const Counter exact = status < status_counters.size() ? status_counters[status] : by_class;
    if (exact != by_class) add(exact);
}

void Metrics::add_own_answer(uint16_t status) noexcept {
    switch (status) {
        case 301:
            return add(Counter::http_301_redirection);
        case 302:
            return add(Counter::http_302_redirection);
        case 307:
            return add(Counter::http_307_redirection);
        case 308:
            return add(Counter::http_308_redirection);
        case 400:
            return add(Counter::http_400_errors);
        case 401:
            return add(Counter::http_401_errors);
        case 404:
            return add(Counter::http_404_errors);
        case 408:
            return add(Counter::http_408_errors);
        case 413:
            return add(Counter::http_413_errors);
        case 429:
            return add(Counter::http_429_errors);
        case 502:
            return add(Counter::http_502_errors);
        case 503:
            return add(Counter::http_503_errors);
        case 504:
            return add(Counter::http_504_errors);
        default:
            if (status >= 400) add(Counter::http_other_errors);
    }
}

void Metrics::set_with_percent(Gauge used, uint64_t value, Gauge capacity, uint64_t of, Gauge percent) noexcept {
    set(used, value);
    set(capacity, of);
    set(percent, of == 0 ? 0 : value * 100 / of);
}

ClusterSeries* Metrics::cluster(std::string_view id) {
    if (detail_ < Detail::cluster) return nullptr;
    if (const auto found = clusters_.find(absl_view(id)); found != clusters_.end()) return found->second.get();
    if (clusters_.size() >= max_clusters) {
        add(Counter::series_refused);
        return nullptr;
    }
    ++shape_;
    ClusterSeries& made = *clusters_.emplace(std::string(id), std::make_unique<ClusterSeries>()).first->second;
    made.serial = shape_;
    return &made;
}

Series* Metrics::backend(ClusterSeries& cluster, std::string_view id) {
    if (detail_ < Detail::backend) return nullptr;
    if (const auto found = cluster.backends.find(absl_view(id)); found != cluster.backends.end())
        return found->second.get();
    if (backend_count_ >= max_backends) {
        add(Counter::series_refused);
        return nullptr;
    }
    ++backend_count_;
    ++shape_;
    Series& made = *cluster.backends.emplace(std::string(id), std::make_unique<Series>()).first->second;
    made.serial = shape_;
    return &made;
}

void Metrics::remove_cluster(std::string_view id) {
    const auto found = clusters_.find(absl_view(id));
    if (found == clusters_.end()) return;
    backend_count_ -= found->second->backends.size();
    clusters_.erase(found);
    ++epoch_;
    ++shape_;
}

void Metrics::remove_backend(std::string_view cluster_id, std::string_view id) {
    const auto found = clusters_.find(absl_view(cluster_id));
    if (found == clusters_.end()) return;
    const size_t removed = found->second->backends.erase(absl_view(id));
    if (removed == 0) return;
    backend_count_ -= removed;
    ++shape_;
}

void Metrics::drop_series() noexcept {
    clusters_.clear();
    backend_count_ = 0;
    ++epoch_;
    ++shape_;
}

void Metrics::clear() {
    if (before_clear) before_clear();
    counters_.fill(0);
    gauges_.fill(0);
    for (FineHistogram& times : times_) times.clear();
    drop_series();
}

void Metrics::set_detail(Detail detail) {
    if (detail == detail_) return;
    const bool fewer = detail < detail_;
    detail_ = detail;
    if (!fewer) return;
    if (detail < Detail::cluster) return drop_series();
    for (auto& [id, series] : clusters_) series->backends.clear();
    backend_count_ = 0;
    ++shape_;
}

}  // namespace seki::observe
