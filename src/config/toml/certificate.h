#pragma once

// Certificates and keys that stand in files of their own: the keys certificate, certificate_chain and key of listeners,
// frontends and clusters, ocsp_response of the first two, and files of authorities.

#include <array>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "config/toml/draft.h"

namespace seki::config {

inline constexpr auto certificate_keys =
    std::to_array<std::string_view>({"certificate", "certificate_chain", "key", "ocsp_response"});

// Nothing when the table names none, or a file cannot be read; a certificate and its key go together.
std::optional<command::CertificateAndKey> read_identity(TableReader& table, const Draft& draft);
// With what the authority says of it.
std::optional<command::CertificateAndKey> read_certificate(TableReader& table, const Draft& draft);
// The texts of all files that the list has which this key names.
void read_pem_files(TableReader& table, const Draft& draft, std::string_view key, const std::vector<std::string>& paths,
                    google::protobuf::RepeatedPtrField<std::string>& texts);

}  // namespace seki::config
