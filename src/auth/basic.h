#pragma once

// What a client says of itself by basic authentication (RFC 7617): `Authorization: Basic base64(user:password)`.

#include <optional>
#include <string>
#include <string_view>

namespace seki::auth {

struct UserPassword {
    std::string user;
    std::string password;
};

// Nothing when the value is of another scheme, no base64 (RFC 4648 §4), longer than `max_bytes` decoded, or without a
// colon. Control characters are refused (RFC 7617 §2).
[[nodiscard]] std::optional<UserPassword> parse_basic(std::string_view authorization, size_t max_bytes);

}  // namespace seki::auth
