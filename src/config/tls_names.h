#pragma once

// What things of TLS are called in the configuration. Ciphers and groups have several names: Sōzu's, that of the
// registry (IANA), and the TLS library's. All are taken, and become Sōzu's.

#include <optional>
#include <string_view>

#include "command.pb.h"

namespace seki::config {

struct CipherSuite {
    std::string_view name;
    command::TlsVersion version;  // the one version that has it
};

// Nothing for what is not offered.
std::optional<CipherSuite> cipher_suite(std::string_view name);
// Empty for what is not offered.
std::string_view key_exchange_group(std::string_view name);
// As the library calls it ("ECDSA+SHA256", "ecdsa_secp256r1_sha256").
bool is_signature_algorithm(std::string_view name);

}  // namespace seki::config
