#pragma once

// The rules of check() for each kind of thing. Each puts the message into its normal form and tells the examiner what
// is wrong.

#include "config/examiner.h"

namespace seki::config {

void check_listener(Examiner& examine, command::HttpListenerConfig& listener);
void check_listener(Examiner& examine, command::TcpListenerConfig& listener);
void check_cluster(Examiner& examine, command::Cluster& cluster);
void check_backend(Examiner& examine, command::AddBackend& backend);
void check_backend_removal(Examiner& examine, command::RemoveBackend& removal);
void check_frontend(Examiner& examine, command::RequestHttpFrontend& frontend);
void check_frontend(Examiner& examine, command::RequestTcpFrontend& frontend);

}  // namespace seki::config
