#include "auth/basic.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace seki::auth {

namespace {

constexpr int8_t no_digit = -1;

constexpr std::array<int8_t, 256> base64_digits = [] {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::array<int8_t, 256> digits{};
    digits.fill(no_digit);
    for (size_t i = 0; i < alphabet.size(); ++i) digits[static_cast<uint8_t>(alphabet[i])] = static_cast<int8_t>(i);
    return digits;
}();

std::optional<std::string> decode(std::string_view text) {
    if (text.empty() || text.size() % 4 != 0) return std::nullopt;
    const size_t padding = text.ends_with("==") ? 2 : text.ends_with('=') ? 1 : 0;
    std::string bytes;
    bytes.reserve(text.size() / 4 * 3);
    uint32_t bits = 0;
    for (size_t i = 0; i < text.size() - padding; ++i) {
        const int8_t digit = base64_digits[static_cast<uint8_t>(text[i])];
        if (digit == no_digit) return std::nullopt;
        bits = bits << 6U | static_cast<uint32_t>(digit);
        if (i % 4 == 0) continue;
        const uint32_t left = 6 - 2 * (i % 4);  // bits that belong to the next byte
        bytes += static_cast<char>(bits >> left & 0xFFU);
    }
    return bytes;
}

bool is_scheme(std::string_view text) noexcept {
    constexpr std::string_view basic = "basic";
    return text.size() == basic.size() && std::equal(text.begin(), text.end(), basic.begin(),
                                                     [](char a, char b) { return static_cast<char>(a | 0x20) == b; });
}

}  // namespace

std::optional<UserPassword> parse_basic(std::string_view authorization, size_t max_bytes) {
    const size_t blank = authorization.find(' ');
    if (blank == std::string_view::npos || !is_scheme(authorization.substr(0, blank))) return std::nullopt;
    std::string_view token = authorization.substr(blank);
    token.remove_prefix(token.find_first_not_of(' ') == std::string_view::npos ? token.size()
                                                                               : token.find_first_not_of(' '));
    if (token.size() / 4 * 3 > max_bytes + 2) return std::nullopt;
    const auto decoded = decode(token);
    if (!decoded || decoded->size() > max_bytes) return std::nullopt;
    const auto is_control = [](char c) { return static_cast<uint8_t>(c) < 0x20 || c == 0x7F; };
    if (std::any_of(decoded->begin(), decoded->end(), is_control)) return std::nullopt;
    const size_t colon = decoded->find(':');
    if (colon == std::string::npos) return std::nullopt;
    return UserPassword{decoded->substr(0, colon), decoded->substr(colon + 1)};
}

}  // namespace seki::auth
