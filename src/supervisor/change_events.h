#pragma once

// What those who subscribed to events hear of a change that was decided for.

#include <optional>

#include "command/schema.h"

namespace seki::supervisor {

// Nothing where Sōzu has no event for it (backends, limits).
std::optional<command::Event> event_of(const command::Request& change);

}  // namespace seki::supervisor
