#pragma once

// Files of certificates and keys: PEM (RFC 7468), which is DER in base64 between lines that say what it is. Text around
// the blocks is no concern of ours, and a file may hold what several questions are about: certificates and a key.

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace seki::x509 {

struct PemBlock {
    std::string label;  // "CERTIFICATE"
    std::string der;
    bool encrypted = false;  // with a password, as RFC 1421 §4.6.1.1 says it
};

// All blocks. An error names the line.
Result<std::vector<PemBlock>> read_pem(std::string_view text);

// In lines of 64 characters, which is the normal form.
std::string write_pem(std::string_view label, std::string_view der);

// DER of the certificates, one after the other; there is at least one.
Result<std::vector<std::string>> read_certificates(std::string_view pem);

}  // namespace seki::x509
