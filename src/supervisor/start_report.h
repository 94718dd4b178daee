#pragma once

// What the log says at a start beside which program it is: where it listens, how much is configured, and its limits.

#include <cstdint>
#include <string>
#include <vector>

#include "command/schema.h"
#include "config/state.h"

namespace seki::supervisor {

// A few lines, however much there is.
std::vector<std::string> start_report(const config::State& state, const command::ServerConfig& server,
                                      uint32_t worker_count);

}  // namespace seki::supervisor
