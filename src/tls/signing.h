#pragma once

// How a server shows that a certificate is its own (RFC 8446 §4.4.3): the algorithms that its key knows, and
// signatures.

#include <cstdint>
#include <openssl/evp.h>
#include <string>
#include <string_view>

namespace seki::tls {

// The number of the algorithm (RFC 8446 §4.2.3) that a key of this kind signs with; 0 (reserved there): none.
[[nodiscard]] uint16_t signature_algorithm(const EVP_PKEY* key);
// Empty when the system has no memory for it.
[[nodiscard]] std::string sign(uint16_t algorithm, EVP_PKEY* key, std::string_view content);

}  // namespace seki::tls
