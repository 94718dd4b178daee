#pragma once

// Certificates and keys made for a test.

#include <memory>
#include <openssl/ssl.h>
#include <string>
#include <vector>

#include "tls/certificate.h"

namespace seki::tls {

struct Identity {
    KeyKind kind = KeyKind::ecdsa;
    std::vector<std::string> names{"example.com"};
    int valid_days = 90;  // from now; before that, since 2020
    std::vector<std::string> addresses{};
};

// Signed by itself.
[[nodiscard]] CertificatePtr make_certificate(const Identity& identity);
// The same as PEM: certificate and key.
struct PemPair {
    std::string certificate;
    std::string key;
};
[[nodiscard]] PemPair to_pem(const Certificate& certificate);

}  // namespace seki::tls
