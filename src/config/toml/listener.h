#pragma once

// One table of [[listeners]].

#include "config/toml/draft.h"

namespace seki::config {

void read_listener(TableReader& table, Draft& draft);

// A frontend whose address no listener has gets one that is as the global keys say.
void add_default_listener(TableReader& frontend, Draft& draft, const command::SocketAddress& address,
                          command::ListenerType type);

void read_hsts(TableReader& table, command::HstsConfig& hsts);

}  // namespace seki::config
