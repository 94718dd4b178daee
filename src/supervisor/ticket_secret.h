#pragma once

// What the keys of session tickets are derived from (tls/ticket_keys.h). All workers get the same, also those that come
// later, so that a client whose worker has gone resumes its session at another one.

#include <string>

#include "base/result.h"

namespace seki::supervisor {

constexpr size_t ticket_secret_bytes = 32;

// Random, for as long as this supervisor lives.
[[nodiscard]] Result<std::string> make_ticket_secret();

}  // namespace seki::supervisor
