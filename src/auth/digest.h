#pragma once

// SHA-256, and comparing without telling how much was equal.

#include <array>
#include <cstdint>
#include <initializer_list>
#include <string_view>

namespace seki::auth {

using Digest = std::array<uint8_t, 32>;

// Of the parts, one after the other.
[[nodiscard]] Digest sha256(std::initializer_list<std::string_view> parts);
[[nodiscard]] std::string_view bytes_of(const Digest& digest) noexcept;
// Takes the same time for all texts of one size.
[[nodiscard]] bool equal_in_constant_time(std::string_view left, std::string_view right) noexcept;

}  // namespace seki::auth
