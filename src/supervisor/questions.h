#pragma once

// Questions about the configuration, which the supervisor answers from its state: one table, with an entry for each
// verb.

#include "command/schema.h"
#include "config/state.h"

namespace seki::supervisor {

// Whether it asks for one of them.
bool is_about_state(const command::Request& request);
// What it asks for. Where clients expect an answer of each process, the one of `main` is there.
// `max_bytes`: what an answer can have.
command::Response answer_about_state(const config::State& state, const command::Request& request, size_t max_bytes);

}  // namespace seki::supervisor
