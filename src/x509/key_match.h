#pragma once

// Whether a private key belongs to a certificate.

#include <string>
#include <string_view>

#include "base/result.h"
#include "x509/private_key.h"
#include "x509/public_key.h"

namespace seki::x509 {

// What clients take of RSA; the upper one is the library's.
inline constexpr int min_rsa_bits = 2048;
inline constexpr int max_rsa_bits = 16384;

// A key in its normal form: what the functions of the library read that need no search for a decoder.
struct NormalKey {
    std::string_view label;  // of its PEM: "RSA PRIVATE KEY" (PKCS#1), "EC PRIVATE KEY" (SEC 1, with the curve and the
                             // public key), "PRIVATE KEY" (PKCS#8 of Ed25519; its last 32 bytes are the secret)
    std::string der;
};

// An error when the key does not belong to the public one, or is damaged.
Result<NormalKey> match(PrivateKey key, const PublicKey& certified);

}  // namespace seki::x509
