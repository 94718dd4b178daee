#pragma once

// Where to find a cluster's series again without looking it up by name, which every request would have to. It is good
// as long as its epoch is that of the metrics: whatever drops a series begins a new one.

#include <cstdint>

namespace seki::observe {

struct ClusterSeries;

struct SeriesHandle {
    ClusterSeries* series = nullptr;
    uint64_t epoch = 0;  // that of the metrics is never 0
};

}  // namespace seki::observe
