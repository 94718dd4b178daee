#pragma once

// What the messages of the schema about TLS are to a worker (running.h has the others).

#include "base/result.h"
#include "command.pb.h"
#include "proxy/client_certificate_fields.h"
#include "proxy/hsts.h"
#include "tls/certificate.h"
#include "tls/client_context.h"
#include "tls/server_context.h"

namespace seki::worker {

Result<tls::ServerSettings> running_server_settings(const command::HttpsListenerConfig& config);
[[nodiscard]] proxy::ClientCertificateFields running_client_fields(const command::ClientAuthHeaders& config);
// Towards backends. `before`: the one that was in force, which stays if nothing is different; may be null.
Result<std::shared_ptr<const tls::ClientContext>> running_client_context(
    const command::BackendTls& config, tls::Engine& engine, const std::shared_ptr<const tls::ClientContext>& before);
// Where the configuration says nothing, the value is empty.
[[nodiscard]] proxy::Hsts running_hsts(const command::HstsConfig& config);
// The one of a listener. The supervisor has checked it.
Result<tls::CertificatePtr> running_certificate(const command::HttpsListenerConfig& config);

}  // namespace seki::worker
