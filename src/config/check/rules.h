#pragma once

// The rules of check() for each kind of thing. Each puts the message into its normal form and tells the examiner what
// is wrong.

#include "config/check/captures.h"
#include "config/check/examiner.h"

namespace seki::config {

void check_listener(Examiner& examine, command::HttpListenerConfig& listener);
void check_listener(Examiner& examine, command::TcpListenerConfig& listener);
void check_update(Examiner& examine, command::UpdateHttpListenerConfig& update);
void check_update(Examiner& examine, command::UpdateTcpListenerConfig& update);
void check_cluster(Examiner& examine, command::Cluster& cluster);
void check_backend(Examiner& examine, command::AddBackend& backend);
void check_backend_removal(Examiner& examine, command::RemoveBackend& removal);
void check_backend_state(Examiner& examine, command::SetBackendState& change);
void check_frontend(Examiner& examine, command::RequestHttpFrontend& frontend);
void check_frontend(Examiner& examine, command::RequestTcpFrontend& frontend);
// Looks only at what says which frontend it is, and at names; State looks at the frontend that comes of it.
void check_update(Examiner& examine, command::UpdateHttpFrontend& update);
// Looks only at what says which frontend it is; the rest need not be right.
void check_frontend_removal(Examiner& examine, command::RequestHttpFrontend& frontend);

// Parts of check_frontend.
void check_conditions(Examiner& examine, command::RequestHttpFrontend& frontend);
void check_redirect(Examiner& examine, const command::RequestHttpFrontend& frontend);
void check_rewrites(Examiner& examine, const command::RequestHttpFrontend& frontend, const Captures& captures);
void check_header_edits(Examiner& examine, const command::RequestHttpFrontend& frontend);

}  // namespace seki::config
