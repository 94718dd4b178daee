#pragma once

// The figures of all workers as one: levels and counts add up, histograms add bucket by bucket, and of percentiles,
// which cannot be merged, the worst is kept.

#include "command/schema.h"

namespace seki::supervisor {

// Into the merged part of the answer (proxying, clusters).
void join_metrics(command::AggregatedMetrics& into, const command::WorkerMetrics& of_one);
void join_metric(command::FilteredMetrics& into, const command::FilteredMetrics& of_one);
// Sorted, each name once.
void join_names(command::AvailableMetrics& into, const command::AvailableMetrics& of_one);

}  // namespace seki::supervisor
