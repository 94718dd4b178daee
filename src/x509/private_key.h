#pragma once

// Private keys as files have them: PKCS#8 (RFC 5958), PKCS#1 (RFC 8017 §A.1.2) and SEC 1 (RFC 5915), without a
// password. All become one form, the one that the library reads fastest.

#include <string>
#include <string_view>

#include "base/result.h"
#include "x509/public_key.h"

namespace seki::x509 {

// As it was read. Numbers are without zeros in front.
struct PrivateKey {
    KeyType type;
    std::string der;     // RSA: RSAPrivateKey
    std::string secret;  // ECDSA: the number; Ed25519: 32 bytes
    std::string point;   // ECDSA: the public key, where the file has it
};

// The first key in the text.
Result<PrivateKey> read_private_key(std::string_view pem);

}  // namespace seki::x509
