#pragma once

// A worker's answer to `metrics get`: its figures in the schema's form. Times are in milliseconds there, each twice: as
// percentiles under its name, and as cumulative buckets (le = 2^i - 1) under its name with "_histogram".

#include "base/result.h"
#include "command.pb.h"
#include "observe/metrics.h"

namespace seki::observe {

// The filters are those of the query; a cluster that it names and that is not known here fails it.
Result<> fill_metrics(const Metrics& metrics, const command::QueryMetricsOptions& query,
                      command::WorkerMetrics& report);
// The answer when the query asks for names only.
void fill_names(const Metrics& metrics, command::AvailableMetrics& names);

}  // namespace seki::observe
