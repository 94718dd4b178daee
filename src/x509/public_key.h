#pragma once

// The key that a certificate is about: its SubjectPublicKeyInfo (RFC 5280 §4.1.2.7). Three kinds are served, ECDSA on
// three curves; everything else is `other`, as certificates of authorities may well be.

#include <cstdint>
#include <optional>
#include <string_view>

namespace seki::x509 {

enum class KeyKind : uint8_t { rsa, ecdsa, ed25519, other };
enum class Curve : uint8_t { none, p256, p384, p521 };

// An algorithm with its parameters, read from an AlgorithmIdentifier (RFC 3279 §2.3.1, §2.3.5; RFC 8410 §3).
struct KeyType {
    KeyKind kind = KeyKind::other;
    Curve curve = Curve::none;

    bool operator==(const KeyType&) const = default;
};

// A view.
struct PublicKey {
    KeyType type;
    std::string_view bits;  // RSAPublicKey in DER, a point, or 32 bytes
};

// Of the content of a sequence. Nothing when it is no DER.
std::optional<KeyType> read_key_type(std::string_view algorithm) noexcept;
std::optional<PublicKey> read_public_key(std::string_view spki) noexcept;

// The identifier of the curve (RFC 5480 §2.1.1.1), and the bytes of a number of its field.
std::string_view curve_oid(Curve curve) noexcept;
size_t field_size(Curve curve) noexcept;
// The contrary of the first.
Curve curve_of(std::string_view oid) noexcept;

}  // namespace seki::x509
