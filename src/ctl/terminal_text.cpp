#include "ctl/terminal_text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "base/utf8.h"

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

}  // namespace

std::string printable(std::string_view text) { return seki::printable(text); }

size_t display_width(std::string_view text) {
    size_t width = 0;
    while (!text.empty()) {
        const Utf8Character decoded = first_character(text);
        if (among(wide, decoded.code)) ++width;
        if (!among(without_width, decoded.code)) ++width;
        text.remove_prefix(std::max<size_t>(decoded.size, 1));
    }
    return width;
}

}  // namespace seki::ctl
