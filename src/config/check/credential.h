#pragma once

// Who may come in: "user:hash", an entry of a cluster's authorized_hashes.

#include <string_view>

namespace seki::config {

// Why the text is no credential; empty when it is one. Hashes are the SHA-256 of the password in hexadecimal digits, as
// Sōzu has them, or what crypt(5) calls yescrypt, sha512crypt and bcrypt, which are better: slow, and with a salt. Not
// too slow, though: a worker does nothing else while it computes one.
std::string_view why_no_credential(std::string_view text);

}  // namespace seki::config
