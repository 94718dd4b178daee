#pragma once

// What listeners of HTTPS have beyond those of HTTP.

#include "config/toml/draft.h"

namespace seki::config {

void read_tls(TableReader& table, command::HttpsListenerConfig& listener, const Draft& draft);
// The listener's own certificate is one of the address as well: clients that ask for its names get it as they would get
// any other one.
void add_own_certificate(TableReader& table, Draft& draft, const command::HttpsListenerConfig& listener);
// Of other listeners: none of the keys.
void no_tls_keys(TableReader& table);

// Of listeners and of frontends.
void read_hsts(TableReader& table, command::HstsConfig& hsts);

}  // namespace seki::config
