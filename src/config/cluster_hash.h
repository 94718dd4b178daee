#pragma once

// A number per cluster that tells whether two processes, or a control plane and the proxy, agree about it: equal things
// have equal numbers, also between Seki and Sōzu 2.3. It covers the cluster, its backends, and its TCP, HTTP and HTTPS
// frontends.

#include <cstdint>
#include <string_view>

#include "config/state.h"

namespace seki::config {

// 0 for an unknown cluster.
uint64_t cluster_hash(const State& state, std::string_view cluster_id);

}  // namespace seki::config
