#pragma once

// Which certificates this worker would show: what it has, to compare with what the supervisor says it should have.

#include "command.pb.h"
#include "worker/tables.h"

namespace seki::worker {

// With a fingerprint, that certificate, without its key; FAILURE when it is not here. With a domain, which ones its
// clients are shown at each address; else all names of each address with the certificates that they have.
[[nodiscard]] command::Response certificates_here(const Tables& tables, const command::QueryCertificatesFilters& query);

}  // namespace seki::worker
