#pragma once

// Certificates in PEM files, as far as the command line has to understand them.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace seki::ctl {

struct CertificateFacts {
    std::string fingerprint;  // SHA-256 of the DER, lower-case hexadecimal
    std::string not_before;   // ISO 8601, UTC
    std::string not_after;
    std::vector<std::string> names;  // DNS names of the subject alternative name, else the common name (RFC 6125 §6.4)
};

// Of the first certificate in `pem`.
Result<CertificateFacts> read_certificate(std::string_view pem);

// The certificates of a chain file, each with its BEGIN and END lines; other text around them is left out.
std::vector<std::string> split_chain(std::string_view pem);

}  // namespace seki::ctl
