#pragma once

// What listeners of HTTPS have beyond those of HTTP.

#include <optional>

#include "config/toml/draft.h"

namespace seki::config {

// Returns the listener's own certificate, if it has one.
std::optional<command::CertificateAndKey> read_tls(TableReader& table, command::HttpsListenerConfig& listener,
                                                   const Draft& draft);
// It is one of the address as well: clients that ask for its names get it as they would get any other one.
void add_own_certificate(TableReader& table, Draft& draft, const command::SocketAddress& address,
                         command::CertificateAndKey own);
// Of other listeners: none of the keys.
void no_tls_keys(TableReader& table);

// Of listeners and of frontends.
void read_hsts(TableReader& table, command::HstsConfig& hsts);

}  // namespace seki::config
