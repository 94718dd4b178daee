#pragma once

// The first message of a client (RFC 8446 §4.1.2), as far as a handshake of ours needs it (own_handshake.h). It is
// taken only where it is beyond doubt: whatever is malformed, said twice or out of its order is nothing here, and
// OpenSSL finds the words to refuse it.

#include <array>
#include <cstdint>
#include <optional>
#include <string>

#include "tls/wire_format.h"

namespace seki::tls {

// RFC 8446 §4.2, RFC 6066, RFC 7301.
enum class Extension : uint16_t {
    server_name = 0,
    max_fragment_length = 1,
    status_request = 5,
    supported_groups = 10,
    signature_algorithms = 13,
    alpn = 16,
    record_size_limit = 28,
    pre_shared_key = 41,
    early_data = 42,
    supported_versions = 43,
    cookie = 44,
    psk_key_exchange_modes = 45,
    key_share = 51,
};

// What a status_request asks for, and what it is answered with (RFC 6066 §8).
inline constexpr uint8_t ocsp_status = 1;

// A record_size_limit that is less is an error (RFC 8449 §4).
inline constexpr uint16_t least_record_size = 64;

// RFC 8446 §4.2.7.
enum class Group : uint16_t { p256 = 0x0017, x25519 = 0x001D };

struct ClientHello {
    // All of these are in the message.
    Bytes random;
    Bytes session_id;
    Bytes suites;                // two bytes each
    Bytes server_name;           // the extension; empty: none, as with those that follow
    Bytes groups;                // two bytes each, the best first
    Bytes signature_algorithms;  // likewise
    Bytes key_shares;            // group, length and share of each
    Bytes protocols;             // ALPN: names with their lengths
    Bytes psk_modes;
    Bytes psk_identities;
    Bytes psk_binders;
    size_t bytes_before_binders = 0;  // of the message
    bool asks_status = false;         // for an OCSP response
    uint16_t record_size_limit = 0;   // what a record of ours may have in it (RFC 8449); 0: as much as any

    [[nodiscard]] bool offers_group(uint16_t group) const noexcept;
    // Where it stands in the client's list, SIZE_MAX: not there.
    [[nodiscard]] size_t rank_of_signature(uint16_t algorithm) const noexcept;
    // Empty when there is none of this group.
    [[nodiscard]] Bytes share_of(Group group) const noexcept;

    // `message` is the whole message with its head. Nothing also where TLS 1.3 is not offered, or something is that we
    // have no answer to: data before the handshake is over, a cookie, short records.
    [[nodiscard]] static std::optional<ClientHello> read(Bytes message);
};

// The host that the extension names (RFC 6066 §3): lower case, without the dot that some put at the end. Empty: there
// is none that could be one.
[[nodiscard]] std::string server_name_of(Bytes extension);

}  // namespace seki::tls
