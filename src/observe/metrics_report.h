#pragma once

// A worker's answer to `metrics get`: its figures in the schema's form. Times are in milliseconds there, each twice: as
// percentiles under its name, and as cumulative buckets (le = 2^i - 1) under its name with "_histogram".

#include <string_view>

#include "command.pb.h"
#include "observe/metrics.h"

namespace seki::observe {

// The filters are those of the query. A cluster that it names may be unknown here and known to another worker.
void fill_metrics(const Metrics& metrics, const command::QueryMetricsOptions& query, command::WorkerMetrics& report);
// Whether anything of a worker is measured under this name.
bool is_metric(std::string_view name);
// The answer when the query asks for names only.
void fill_names(const Metrics& metrics, command::AvailableMetrics& names);

}  // namespace seki::observe
