#pragma once

// Lists of revoked certificates (RFC 5280 §5.1), as far as their holder has to know them: whose they are, what they are
// about, and until when they may be believed. Which certificates they name is for whoever verifies clients.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace seki::x509 {

struct RevocationList {
    std::string der;
    std::string issuer;  // a distinguished name, in DER
    std::string scope;   // the content of its issuing distribution point (§5.2.5); empty: all that the issuer issued
    std::optional<int64_t> next_update_s;
};

// All lists in the text; there is at least one.
Result<std::vector<RevocationList>> read_revocation_lists(std::string_view pem);

}  // namespace seki::x509
