#pragma once

// host[:port] as the Host field and the request target have it (RFC 9110 §7.2, RFC 3986 §3.2).

#include <cstdint>
#include <optional>
#include <string_view>

namespace seki::http::h1 {

struct Authority {
    std::string_view host;  // an IPv6 address keeps its brackets
    uint16_t port = 0;      // 0: none given
};

// Nothing when the text is not an authority, or one with port 0, where nobody can listen, or one with user information,
// which HTTP does not allow (RFC 9110 §4.2.4).
[[nodiscard]] std::optional<Authority> parse_authority(std::string_view text) noexcept;

}  // namespace seki::http::h1
