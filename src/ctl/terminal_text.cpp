#include "ctl/terminal_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

namespace seki::ctl {
namespace {

struct Range {
    char32_t first;
    char32_t last;
};

bool among(std::span<const Range> ranges, char32_t c) {
    return std::ranges::any_of(ranges, [c](const Range& range) { return c >= range.first && c <= range.last; });
}

// Unicode TR11 (East Asian Width), the blocks that are wide as a whole.
constexpr std::array wide = std::to_array<Range>({{0x1100, 0x115F},
                                                  {0x2E80, 0xA4CF},
                                                  {0xAC00, 0xD7A3},
                                                  {0xF900, 0xFAFF},
                                                  {0xFE30, 0xFE6F},
                                                  {0xFF00, 0xFF60},
                                                  {0xFFE0, 0xFFE6},
                                                  {0x1F300, 0x1FAFF},
                                                  {0x20000, 0x3FFFD}});
constexpr std::array without_width =
    std::to_array<Range>({{0x300, 0x36F}, {0x200B, 0x200D}, {0x20D0, 0x20FF}, {0xFE00, 0xFE0F}});
constexpr std::array dangerous = std::to_array<Range>(
    {{0x00, 0x09}, {0x0B, 0x1F}, {0x7F, 0x9F}, {0x200E, 0x200F}, {0x2028, 0x202E}, {0x2066, 0x2069}, {0xFEFF, 0xFEFF}});
constexpr std::array surrogates = std::to_array<Range>({{0xD800, 0xDFFF}});

struct Decoded {
    char32_t character;
    size_t size;  // 0: not UTF-8
};

// One character, as strict as RFC 3629: no overlong forms, no surrogates.
Decoded decode(std::string_view text) {
    const auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(0);
    if (first < 0x80) return {first, 1};
    const size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() < size) return {0, 0};
    char32_t character = first & (0x7FU >> size);
    for (size_t i = 1; i < size; ++i) {
        if ((byte(i) & 0xC0U) != 0x80) return {0, 0};
        character = (character << 6U) | (byte(i) & 0x3FU);
    }
    constexpr std::array<char32_t, 5> smallest{0, 0, 0x80, 0x800, 0x10000};
    if (character < smallest[size] || character > 0x10FFFF || among(surrogates, character)) return {0, 0};
    return {character, size};
}

}  // namespace

std::string printable(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        const Decoded decoded = decode(text);
        const bool keep = decoded.size != 0 && !among(dangerous, decoded.character);
        const size_t size = std::max<size_t>(decoded.size, 1);
        out.append(keep ? text.substr(0, size) : "?");
        text.remove_prefix(size);
    }
    return out;
}

size_t display_width(std::string_view text) {
    size_t width = 0;
    while (!text.empty()) {
        const Decoded decoded = decode(text);
        if (among(wide, decoded.character)) ++width;
        if (!among(without_width, decoded.character)) ++width;
        text.remove_prefix(std::max<size_t>(decoded.size, 1));
    }
    return width;
}

}  // namespace seki::ctl
