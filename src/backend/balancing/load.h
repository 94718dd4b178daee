#pragma once

// What tells a busy backend from an idle one, as this worker sees them.

#include <algorithm>
#include <chrono>
#include <cstdint>

#include "backend/backend.h"

namespace seki::backend {

enum class LoadMetric : uint8_t {
    connections,      // in use
    requests,         // that run
    connection_time,  // how long it takes to connect, times the requests that run
};

// With the request that looks for a backend.
inline uint64_t load_of(const Backend& backend, LoadMetric metric) noexcept {
    switch (metric) {
        case LoadMetric::connections:
            return backend.connections - backend.idle.size() + 1;
        case LoadMetric::requests:
            return uint64_t{backend.exchanges} + 1;
        case LoadMetric::connection_time:
            break;
    }
    const auto us = static_cast<uint64_t>(backend.connect_time.average() / std::chrono::microseconds(1));
    return std::clamp<uint64_t>(us, 1, UINT32_MAX) * (uint64_t{backend.exchanges} + 1);
}

// Whether `a` has less to do than `b`, for what it can do.
inline bool lighter(const Backend& a, const Backend& b, LoadMetric metric) noexcept {
    return load_of(a, metric) * b.weight < load_of(b, metric) * a.weight;
}

}  // namespace seki::backend
