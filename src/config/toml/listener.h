#pragma once

// One table of [[listeners]].

#include <span>
#include <string_view>

#include "config/toml/draft.h"

namespace seki::config {

void read_listener(TableReader& table, Draft& draft);

// A frontend whose address no listener has gets one that is as the global keys say.
void add_default_listener(TableReader& frontend, Draft& draft, const command::SocketAddress& address,
                          command::ListenerType type);

// Sōzu keeps all keys in one table and takes each with every protocol.
void no_effect(TableReader& table, std::span<const std::string_view> keys, std::string_view who);

}  // namespace seki::config
