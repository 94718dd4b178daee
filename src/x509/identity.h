#pragma once

// What a server shows of itself: a certificate, what leads from there to an authority, and the private key. Read once,
// where an operator hands it over; whatever is behind that deals with DER that is known to be right.

#include <compare>
#include <cstdint>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "x509/certificate.h"
#include "x509/key_match.h"

namespace seki::x509 {

struct Identity {
    Certificate certificate;
    std::vector<std::string> chain;  // DER, from the issuer on; never the certificate itself, and nothing twice
    NormalKey key;
    // Whether each certificate was issued by the next one, as far as their names say.
    bool chain_follows = true;
};

struct IdentityFault {
    enum class Part : uint8_t { certificate, chain, key };
    Part part;
    std::string message;  // a sentence about that part
};

// All texts are PEM. `certificate` may hold the chain behind the certificate, and the key's text may be the same one.
// An expired certificate is no fault: a client may take it all the same, and others may have to be shown.
std::expected<Identity, IdentityFault> read_identity(std::string_view certificate,
                                                     std::span<const std::string_view> chain, std::string_view key);

// The last of these for a chain in DER; nothing when one of its parts is no certificate.
std::optional<bool> chain_follows(const Certificate& certificate, std::span<const std::string> chain);

// Which of several certificates for one name is served: the greatest. The one that lasts longest comes first, and among
// equals something decides that every process knows, whatever it heard first.
struct Rank {
    int64_t expires_at_s = 0;
    int64_t not_before_s = 0;
    Fingerprint fingerprint{};
    auto operator<=>(const Rank&) const = default;
};

}  // namespace seki::x509
