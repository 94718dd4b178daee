#pragma once

// The arithmetic by which both ends of a handshake come to a secret that nobody else has (RFC 8446 §7.4): a key of ours
// for this one connection, and the client's share.

#include <array>
#include <memory>
#include <openssl/evp.h>
#include <optional>

#include "tls/client_hello.h"
#include "tls/secret.h"

namespace seki::tls {

class KeyExchange {
public:
    struct Agreed {
        Bytes share() const noexcept { return Bytes(share_bytes).first(share_size); }
        std::array<uint8_t, 65> share_bytes;  // ours, as it is sent
        size_t share_size = 0;
        Secret<32> secret;
    };
    // Nothing when theirs is no share of this group, or the system has no memory.
    [[nodiscard]] std::optional<Agreed> agree(Group group, Bytes theirs);

private:
    struct FreeContext {
        void operator()(EVP_PKEY_CTX* context) const noexcept { EVP_PKEY_CTX_free(context); }
    };
    using ContextPtr = std::unique_ptr<EVP_PKEY_CTX, FreeContext>;

    std::optional<Agreed> agree_x25519(Bytes theirs);

    ContextPtr x25519_keys_;  // that makes them; it is set up once
};

}  // namespace seki::tls
