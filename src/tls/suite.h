#pragma once

// The cipher suites that Seki can do the records of: those with authenticated encryption, of TLS 1.3 (RFC 8446 §B.4)
// and of TLS 1.2 with ephemeral keys (RFC 5289, RFC 7905). Everything else stays with OpenSSL.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace seki::tls {

enum class Version : uint8_t { tls12, tls13 };
enum class Aead : uint8_t { aes_128_gcm, aes_256_gcm, chacha20_poly1305 };
enum class Hash : uint8_t { sha256, sha384 };

struct Suite {
    uint16_t id;  // as on the wire
    Version version;
    Aead aead;
    Hash hash;
    std::string_view name;     // as IANA has it
    std::string_view openssl;  // as OpenSSL's lists have it

    [[nodiscard]] constexpr size_t key_bytes() const noexcept { return aead == Aead::aes_128_gcm ? 16 : 32; }
    [[nodiscard]] constexpr size_t hash_bytes() const noexcept { return hash == Hash::sha256 ? 32 : 48; }
    // Of the nonce, what both ends derive; GCM in TLS 1.2 sends the rest along (RFC 5288 §3).
    [[nodiscard]] constexpr size_t iv_bytes() const noexcept { return explicit_nonce_bytes() != 0 ? 4 : 12; }
    [[nodiscard]] constexpr size_t explicit_nonce_bytes() const noexcept {
        return version == Version::tls12 && aead != Aead::chacha20_poly1305 ? 8 : 0;
    }
};

// Null when it is none of them.
[[nodiscard]] const Suite* find_suite(uint16_t id) noexcept;
// By the name that IANA has for it, or rustls ("TLS13_AES_128_GCM_SHA256").
[[nodiscard]] const Suite* find_suite(std::string_view name) noexcept;

}  // namespace seki::tls
