#pragma once

// Bytes as hexadecimal digits.

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace seki {

[[nodiscard]] constexpr int hex_digit(char c) noexcept {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

// False when the text is not just two digits for each byte.
[[nodiscard]] constexpr bool read_hex(std::string_view text, std::span<uint8_t> out) noexcept {
    if (text.size() != 2 * out.size()) return false;
    for (size_t i = 0; i < out.size(); ++i) {
        const int high = hex_digit(text[2 * i]);
        const int low = hex_digit(text[2 * i + 1]);
        if (high < 0 || low < 0) return false;
        out[i] = static_cast<uint8_t>(high * 16 + low);
    }
    return true;
}

}  // namespace seki
