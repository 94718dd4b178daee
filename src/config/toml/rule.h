#pragma once

// What a frontend of HTTP says of the requests that it is for, and of what happens to them.

#include <span>
#include <string_view>

#include "command.pb.h"
#include "config/toml/draft.h"

namespace seki::config {

// Everything but the address, the cluster, the tags and what concerns TLS.
command::RequestHttpFrontend read_rule(TableReader& table, const Draft& draft);

// The keys that it reads.
std::span<const std::string_view> rule_keys();

}  // namespace seki::config
