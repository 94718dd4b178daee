#pragma once

// The figures of one process: an array slot for each counter and gauge, a table for each time. Counting is one add.
// Clusters and backends have series of their own, made when they are first counted, up to a bound; whatever is beyond
// is in the figures of the process only, and is itself counted (metrics.series_refused).
//
// Nothing is read while requests run; reports (metrics_report.h) are made when somebody asks.

#include <absl/container/flat_hash_map.h>
#include <array>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "observe/histogram.h"
#include "observe/metric_names.h"
#include "observe/series_handle.h"

namespace seki::observe {

// How fine the figures are kept; each level has what those before it have.
enum class Detail : uint8_t { process, frontend, cluster, backend };

// The figures of one cluster or one backend.
struct Series {
    void add(SeriesCounter which, uint64_t by = 1) noexcept { counters[static_cast<size_t>(which)] += by; }
    void add_status(uint16_t status) noexcept;
    void record(Time which, Duration time) noexcept { times[static_cast<size_t>(which)].record(time); }

    uint64_t serial = 0;  // of all series that ever were: one that goes and comes again is another one
    std::array<uint64_t, series_counter_names.size()> counters{};
    std::array<CoarseHistogram, time_names.size()> times;
};

struct ClusterSeries : Series {
    absl::flat_hash_map<std::string, std::unique_ptr<Series>> backends;
};

class Metrics {
public:
    static constexpr size_t max_clusters = 4096;
    static constexpr size_t max_backends = 4096;  // of all clusters

    void add(Counter which, uint64_t by = 1) noexcept { counters_[static_cast<size_t>(which)] += by; }
    // For what is counted elsewhere, before a report is made.
    void set(Counter which, uint64_t value) noexcept { counters_[static_cast<size_t>(which)] = value; }
    // An answer that went to a client; 0: none did.
    void add_status(uint16_t status) noexcept;
    // An answer that we gave ourselves instead of a backend's.
    void add_own_answer(uint16_t status) noexcept;
    void set(Gauge which, uint64_t value) noexcept { gauges_[static_cast<size_t>(which)] = value; }
    void set_with_percent(Gauge used, uint64_t value, Gauge capacity, uint64_t of, Gauge percent) noexcept;
    void record(Time which, Duration time) noexcept { times_[static_cast<size_t>(which)].record(time); }

    // The series of a cluster, of a backend; null when there are too many or the detail is lower. Good until something
    // is removed or set.
    [[nodiscard]] ClusterSeries* cluster(std::string_view id);
    // The same for whoever asks again and again.
    [[nodiscard]] ClusterSeries* cluster(std::string_view id, SeriesHandle& handle) {
        if (handle.epoch != epoch_) handle = {cluster(id), epoch_};
        if (handle.series == nullptr) handle.epoch = 0;  // there may be room for it by and by
        return handle.series;
    }
    [[nodiscard]] Series* backend(ClusterSeries& cluster, std::string_view id);

    void remove_cluster(std::string_view id);
    void remove_backend(std::string_view cluster_id, std::string_view id);
    // Everything starts again at zero (`metrics clear`).
    void clear();
    // Who follows the figures hears that they are about to be cleared.
    std::function<void()> before_clear;
    // Series that are no longer wanted are dropped.
    void set_detail(Detail detail);
    [[nodiscard]] Detail detail() const noexcept { return detail_; }

    // ---- for reports

    using Clusters = absl::flat_hash_map<std::string, std::unique_ptr<ClusterSeries>>;

    [[nodiscard]] uint64_t value(Counter which) const noexcept { return counters_[static_cast<size_t>(which)]; }
    [[nodiscard]] uint64_t value(Gauge which) const noexcept { return gauges_[static_cast<size_t>(which)]; }
    [[nodiscard]] const FineHistogram& times(Time which) const noexcept { return times_[static_cast<size_t>(which)]; }
    [[nodiscard]] const Clusters& clusters() const noexcept { return clusters_; }
    // Another number whenever there are other series than before.
    [[nodiscard]] uint64_t shape() const noexcept { return shape_; }

private:
    void drop_series() noexcept;

    std::array<uint64_t, counter_names.size()> counters_{};
    std::array<uint64_t, gauge_names.size()> gauges_{};
    std::array<FineHistogram, time_names.size()> times_;
    Clusters clusters_;
    size_t backend_count_ = 0;
    Detail detail_ = Detail::cluster;
    uint64_t epoch_ = 1;  // of the handles
    uint64_t shape_ = 0;
};

}  // namespace seki::observe
