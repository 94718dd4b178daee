#pragma once

// Of a request: whether its client speaks through TLS, to this proxy or to one before it that is believed
// (RFC 9110 §4.2).

#include <cstdint>
#include <string_view>

namespace seki::http {

enum class Scheme : uint8_t { http, https };

[[nodiscard]] constexpr std::string_view name_of(Scheme scheme) noexcept {
    return scheme == Scheme::https ? "https" : "http";
}
// The port that need not be written.
[[nodiscard]] constexpr uint16_t default_port(Scheme scheme) noexcept { return scheme == Scheme::https ? 443 : 80; }

}  // namespace seki::http
