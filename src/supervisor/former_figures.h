#pragma once

// What workers counted that have ended when they were told to: it stays in the sum of all workers, so that no counter
// falls when a worker is replaced. Levels (gauges) end with their worker, and what a worker counted that was killed is
// lost with it.

#include "command/schema.h"
#include "config/state.h"

namespace seki::supervisor {

class FormerFigures {
public:
    // Of clusters and backends that `state` has.
    void add(const command::WorkerMetrics& of_one, const config::State& state);
    // It was removed: one of the same name begins anew.
    void forget(const std::string& cluster) { sum_.mutable_clusters()->erase(cluster); }
    // Of clusters and backends that are there, as a worker would answer the query.
    [[nodiscard]] command::WorkerMetrics answer(const command::QueryMetricsOptions& query,
                                                const config::State& state) const;
    void clear() { sum_.Clear(); }

    // For the next supervisor, and from the former one.
    [[nodiscard]] const command::AggregatedMetrics& sum() const noexcept { return sum_; }
    void take_over(command::AggregatedMetrics sum) { sum_ = std::move(sum); }

private:
    command::AggregatedMetrics sum_;  // of all workers: proxying and clusters
};

}  // namespace seki::supervisor
