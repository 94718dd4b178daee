#pragma once

// An open connection whose records are ours, as bytes that go to another process beside its descriptor
// (Transport::to_export): keys, counters, what was read or begun, and what the handshake agreed upon. Both processes
// are of one version of this format; who gets another one refuses.

#include <string>
#include <string_view>

#include "base/result.h"
#include "tls/connection_info.h"
#include "tls/own_records.h"

namespace seki::tls {

struct Exported {
    Role role = Role::server;
    ConnectionInfo info;  // of the certificate its names and rank only
    OwnRecords::Progress progress;
    bool input_ended = false;
    bool said_all = false;
    std::string raw;  // as TlsTransport::Rest has them
    std::string content;
    std::string control;
};

// Secrets are in it: whoever has it wipes it.
[[nodiscard]] std::string write_exported(const Exported& connection, const Secrets& secrets);
// Fills `secrets`. An error when the bytes are not what this version writes.
Result<Exported> read_exported(std::string_view bytes, Secrets& secrets);

}  // namespace seki::tls
