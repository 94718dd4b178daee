#pragma once

// What a client brings back to resume a session of a handshake of ours (RFC 8446 §4.6.1): the secret of its former
// connection, for whom that was, and when, under a key that all workers have (ticket_keys.h). Nobody keeps anything.

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "tls/hash.h"
#include "tls/ticket_keys.h"
#include "tls/wire_format.h"

namespace seki::tls {

struct OwnTicket {
    Hash hash = Hash::sha256;            // of the suite
    int64_t made_at_s = 0;               // since 1970
    std::array<uint8_t, 32> bound_to{};  // policy and name (ServerContext::session_binding)
    HashValue secret;
};

// Empty when it cannot be made.
[[nodiscard]] std::string seal_ticket(TicketKeys& keys, WallTime now, const OwnTicket& ticket);
// Nothing when it is none of ours, or too old.
[[nodiscard]] std::optional<OwnTicket> open_ticket(TicketKeys& keys, WallTime now, Bytes sealed);

}  // namespace seki::tls
