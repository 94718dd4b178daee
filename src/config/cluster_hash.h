#pragma once

// A number per cluster that tells whether two processes, or a control plane and the proxy, agree about it: equal things
// have equal numbers, also between Seki and Sōzu 2.1. It covers the cluster, its backends, and its TCP, HTTP and HTTPS
// frontends.

#include <cstdint>
#include <string_view>

#include "config/state.h"

namespace seki::config {

// SipHash-1-3 under the zero key (https://www.aumasson.jp/siphash/siphash.pdf, with one and three rounds).
uint64_t siphash13(std::string_view bytes);

// 0 for an unknown cluster.
uint64_t cluster_hash(const State& state, std::string_view cluster_id);

}  // namespace seki::config
