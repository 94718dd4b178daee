#pragma once

// Names of hosts as certificates have them, and as clients ask for them in a handshake (RFC 6125, RFC 9525): lower
// case, without the dot of the root. "*.example.com" is for each host with exactly one label before example.com.

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "x509/der.h"

namespace seki::x509 {

// The normal form; nothing when no host can have the name. A star is only ever the whole first label.
std::optional<std::string> normal_name(std::string_view name);

// "*.example.com" for "a.example.com"; empty when there is none.
std::string wildcard_for(std::string_view host);

// The names among the alternative ones (RFC 5280 §4.2.1.6), which are the content of the extension; false when they are
// no DER. Addresses are written as numbers. What no host can be called is left out.
bool read_alternative_names(std::string_view extension, std::vector<std::string>& names);
// The last common name of a subject, if a host can be called so; false as above.
bool read_common_name(std::string_view subject, std::vector<std::string>& names);

}  // namespace seki::x509
