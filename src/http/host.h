#pragma once

// host[:port] as the Host field and the request target have it (RFC 9110 §7.2, RFC 3986 §3.2).

#include <cstdint>
#include <optional>
#include <string_view>

namespace seki::http {

struct Authority {
    std::string_view host;  // an IPv6 address keeps its brackets
    uint16_t port = 0;      // 0: none given
};

// Nothing when the text is not an authority, or one with port 0, where nobody can listen, or one with user information,
// which HTTP does not allow (RFC 9110 §4.2.4), or what stands in brackets is no IPv6 address, which the zone of one
// machine is not part of (RFC 6874 §4), or when there is a "%": who decodes it has another host than who does not.
[[nodiscard]] std::optional<Authority> parse_authority(std::string_view text) noexcept;

// Whether both are one place: letters in any case, addresses by value, and no port is `default_port`
// (RFC 9110 §4.2.3).
[[nodiscard]] bool same_place(const Authority& left, const Authority& right, uint16_t default_port) noexcept;

}  // namespace seki::http
