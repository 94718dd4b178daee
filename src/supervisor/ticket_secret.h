#pragma once

// What the keys of session tickets are derived from (tls/ticket_keys.h). All workers get the same, also those that come
// later, so that a client whose worker has gone resumes its session at another one; and where a file says it, all
// servers that have the same file.

#include <string>

#include "base/result.h"

namespace seki::supervisor {

// Random, for as long as this supervisor lives.
[[nodiscard]] Result<std::string> make_ticket_secret();
// What the file has, to the last byte.
[[nodiscard]] Result<std::string> read_ticket_secret(const std::string& path);

}  // namespace seki::supervisor
