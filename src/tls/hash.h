#pragma once

// The hashes of handshakes, of which one is asked what it would be if this were all and goes on (RFC 8446 §4.4.1), and
// the codes that are made of them (RFC 2104). By the library's functions for one hash, which need no memory: those for
// all of them take as long to set up as to hash what is hashed here.

#include <openssl/sha.h>
#include <span>
#include <string_view>

#include "tls/secret.h"
#include "tls/suite.h"
#include "tls/wire_format.h"

namespace seki::tls {

constexpr size_t longest_hash_bytes = 48;
[[nodiscard]] constexpr size_t hash_bytes(Hash hash) noexcept { return hash == Hash::sha256 ? 32 : 48; }

using HashValue = Secret<longest_hash_bytes>;

class RunningHash {
public:
    explicit RunningHash(Hash hash) noexcept;
    RunningHash(const RunningHash&) = default;
    RunningHash& operator=(const RunningHash&) = default;
    ~RunningHash();  // what is left of a key that went in is wiped

    void add(Bytes bytes) noexcept;
    void add(std::string_view text) noexcept { add(bytes_of(text)); }
    // Of what was added so far.
    [[nodiscard]] HashValue value() const noexcept;

private:
    Hash hash_;
    union {
        SHA256_CTX sha256_;
        SHA512_CTX sha384_;
    };
};

// No key here is longer than a block of the hash.
[[nodiscard]] HashValue hmac(Hash hash, Bytes key, Bytes text) noexcept;

}  // namespace seki::tls
