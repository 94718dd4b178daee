#pragma once

// What the settings of a process mean for the objects of a worker.

#include <cstdint>

#include "command.pb.h"
#include "http/codec.h"
#include "proxy/context.h"

namespace seki::worker {

uint32_t max_sessions(const command::ServerConfig& config);
uint32_t pipe_capacity(const command::ServerConfig& config);
// Of requests, where their listener has none of its own.
http::HeadLimits request_limits(const command::ServerConfig& config);
proxy::Settings settings(const command::ServerConfig& config);

}  // namespace seki::worker
