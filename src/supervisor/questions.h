#pragma once

// Questions about the configuration, which the supervisor answers at once from its state: one table, with an entry for
// each verb.

#include <optional>

#include "command/schema.h"
#include "config/state.h"

namespace seki::supervisor {

// Nothing when the request asks for something else.
std::optional<command::Response> answer_about_state(const config::State& state, const command::Request& request);

}  // namespace seki::supervisor
