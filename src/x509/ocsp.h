#pragma once

// What an authority says of one of its certificates (RFC 6960), for the certificate's holder to show along with it. Who
// believes it verifies its signature; here it is only asked whether it is what it is meant for.

#include <cstdint>
#include <limits>
#include <string_view>

#include "base/result.h"

namespace seki::x509 {

struct OcspStatement {
    static constexpr int64_t no_end = std::numeric_limits<int64_t>::max();
    int64_t good_until_s = no_end;  // since 1970: there is a newer one then
};

// `response`, `certificate` and `issuer` are DER; the issuer is empty where it is not known. An error for what is no
// response, or one without a statement, or about another certificate, or does not call it good.
Result<OcspStatement> read_ocsp_response(std::string_view response, std::string_view certificate,
                                         std::string_view issuer);

}  // namespace seki::x509
