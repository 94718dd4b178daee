#pragma once

// Hosts that are IPv6 addresses: "[2001:db8::1]" (RFC 3986 §3.2.2). An address has many spellings and is compared by
// its value, therefore in the one spelling that values are written in. An IPv4 address within IPv6 is that IPv4
// address, as everywhere (base/ip_address.h).

#include <optional>
#include <span>
#include <string_view>

#include "base/ip_address.h"

namespace seki::routing {

inline constexpr size_t max_host_literal_bytes = IpAddress::max_text_size + 2;

[[nodiscard]] constexpr bool is_host_literal(std::string_view host) noexcept { return host.starts_with('['); }

// The host in that spelling, within `out`; nothing when there is no IPv6 address between the brackets, or more behind
// them.
[[nodiscard]] std::optional<std::string_view> normalise_host_literal(
    std::string_view host, std::span<char, max_host_literal_bytes> out) noexcept;

}  // namespace seki::routing
