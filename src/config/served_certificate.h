#pragma once

// Which certificate the clients of a host are shown: one that is for exactly this name, else one for the wildcard above
// it; of several the one that ranks highest (x509::Rank), for each kind of key.

#include <functional>
#include <string_view>

#include "config/state.h"

namespace seki::config {

using VisitCertificate = std::function<void(const CertificateKey&, const StoredCertificate&)>;

// Of each address. `domain` is a name of a host, or a wildcard, in any spelling.
void for_each_served_certificate(const State& state, std::string_view domain, const VisitCertificate& visit);

// Whether there is one at the address, for a name in its normal form.
bool has_certificate_for(const State& state, const SocketAddress& address, std::string_view name);
// Whether there is any.
bool has_certificate_at(const State& state, const SocketAddress& address);

}  // namespace seki::config
