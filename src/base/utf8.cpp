#include "base/utf8.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace seki {
namespace {

struct Range {
    char32_t first;
    char32_t last;
};

constexpr std::array dangerous = std::to_array<Range>(
    {{0x00, 0x09}, {0x0B, 0x1F}, {0x7F, 0x9F}, {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069}, {0xFEFF, 0xFEFF}});

bool is_dangerous(char32_t c) noexcept {
    return std::ranges::any_of(dangerous, [c](const Range& range) { return c >= range.first && c <= range.last; });
}

}  // namespace

Utf8Character first_character(std::string_view text) noexcept {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80) return {first, 1};
    const size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < size) return {0, 0};
    char32_t code = first & (0x7FU >> size);
    for (size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xC0U) != 0x80) return {0, 0};
        code = (code << 6U) | (byte(i) & 0x3FU);
    }
    constexpr std::array<char32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
    const bool surrogate = code >= 0xD800 && code <= 0xDFFF;
    if (code < smallest[size] || code > 0x10FFFF || surrogate) return {0, 0};
    return {code, size};
}

bool is_utf8(std::string_view text) noexcept {
    while (!text.empty()) {
        const size_t size = first_character(text).size;
        if (size == 0) return false;
        text.remove_prefix(size);
    }
    return true;
}

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const Utf8Character character = first_character(text);
        const size_t size = std::max<size_t>(character.size, 1);
        out.append(character.size != 0 && !is_dangerous(character.code) ? text.substr(0, size) : "?");
        text.remove_prefix(size);
    }
    return out;
}

}  // namespace seki
