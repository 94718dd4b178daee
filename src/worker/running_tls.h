#pragma once

// What the messages of the schema about TLS are to a worker (running.h has the others).

#include <cstdint>
#include <optional>

#include "base/result.h"
#include "command.pb.h"
#include "proxy/hsts.h"
#include "tls/certificate.h"
#include "tls/server_context.h"

namespace seki::worker {

[[nodiscard]] tls::ServerSettings running_server_settings(const command::HttpsListenerConfig& config);
// Where the configuration says nothing, the value is empty.
[[nodiscard]] proxy::Hsts running_hsts(const command::HstsConfig& config);
// The supervisor has checked it. `expires_s`: what goes before the date in the certificate.
Result<tls::CertificatePtr> running_certificate(const command::CertificateAndKey& config,
                                                std::optional<int64_t> expires_s = {});

}  // namespace seki::worker
