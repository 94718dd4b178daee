#pragma once

// The rules of check() for each kind of thing. Each puts the message into its normal form and tells the examiner what
// is wrong.

#include <optional>
#include <string>
#include <string_view>

#include "config/check/captures.h"
#include "config/check/examiner.h"
#include "x509/identity.h"

namespace seki::config {

void check_listener(Examiner& examine, command::HttpListenerConfig& listener);
void check_listener(Examiner& examine, command::HttpsListenerConfig& listener);
void check_listener(Examiner& examine, command::TcpListenerConfig& listener);
void check_interface(Examiner& examine, std::string_view name);
void check_update(Examiner& examine, command::UpdateHttpListenerConfig& update);
void check_update(Examiner& examine, command::UpdateHttpsListenerConfig& update);
void check_update(Examiner& examine, command::UpdateTcpListenerConfig& update);
void check_certificate(Examiner& examine, command::AddCertificate& added);
void check_certificate(Examiner& examine, command::ReplaceCertificate& replaced);
void check_certificate(Examiner& examine, command::RemoveCertificate& removed);
void check_cluster(Examiner& examine, command::Cluster& cluster);
void check_backend(Examiner& examine, command::AddBackend& backend);
void check_backend_removal(Examiner& examine, command::RemoveBackend& removal);
void check_backend_state(Examiner& examine, command::SetBackendState& change);
// Of HTTP or of HTTPS.
void check_frontend(Examiner& examine, command::RequestHttpFrontend& frontend, command::ListenerType type);
void check_frontend(Examiner& examine, command::RequestTcpFrontend& frontend);
// Looks only at what says which frontend it is, and at names; State looks at the frontend that comes of it.
void check_update(Examiner& examine, command::UpdateHttpFrontend& update);
// Looks only at what says which frontend it is; the rest need not be right.
void check_frontend_removal(Examiner& examine, command::RequestHttpFrontend& frontend);

// Parts of check_listener and check_update, about TLS.
void check_tls(Examiner& examine, command::HttpsListenerConfig& listener);
void check_tls(Examiner& examine, command::UpdateHttpsListenerConfig& update);
void check_hsts(Examiner& examine, command::HstsConfig& hsts);
// Of PEM texts, which become their normal form; nothing when they are refused, under the names certificate,
// certificate_chain and key.
std::optional<x509::Identity> check_identity(Examiner& examine, std::string& certificate,
                                             google::protobuf::RepeatedPtrField<std::string>& chain, std::string& key);
// Certificates in PEM that others are to be signed with.
void check_authorities(Examiner& examine, std::string_view field,
                       const google::protobuf::RepeatedPtrField<std::string>& authorities);
void check_alpn(Examiner& examine, std::string_view field, google::protobuf::RepeatedPtrField<std::string>& protocols);

// A part of check_cluster. What is wrong is all said of the field `tls`.
void check_backend_tls(Examiner& examine, command::BackendTls& tls);

// Parts of check_frontend.
void check_conditions(Examiner& examine, command::RequestHttpFrontend& frontend);
void check_redirect(Examiner& examine, const command::RequestHttpFrontend& frontend);
void check_rewrites(Examiner& examine, const command::RequestHttpFrontend& frontend, const Captures& captures);
void check_header_edits(Examiner& examine, const command::RequestHttpFrontend& frontend);

}  // namespace seki::config
