#include "ctl/terminal_text.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <sys/ioctl.h>
#include <unistd.h>

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

std::string_view variable(const char* name) {
    const char* value = std::getenv(name);
    return value == nullptr ? std::string_view() : value;
}

void colour(std::string& text, std::string_view word, std::string_view code) {
    for (size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
        if (at > 0 && text[at - 1] != '\n') continue;
        text.insert(at + word.size(), "\x1b[0m");
        text.insert(at, code);
        at += code.size();
    }
}

}  // namespace

std::string cut(const std::string& text, size_t width) {
    if (display_width(text) <= width) return text;
    std::string shown;
    std::string_view rest = text;
    while (!rest.empty()) {
        const size_t size = std::max<size_t>(first_character(rest).size, 1);
        const std::string longer = shown + std::string(rest.substr(0, size));
        if (display_width(longer) + 1 > width) break;
        shown = longer;
        rest.remove_prefix(size);
    }
    return shown + "…";
}

size_t output_width() {
    if (::isatty(STDOUT_FILENO) != 1) return 0;
    winsize size{};
    if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) return size.ws_col;
    const std::string_view text = variable("COLUMNS");
    size_t width = 0;
    std::from_chars(text.data(), text.data() + text.size(), width);
    return width;
}

std::string for_stderr(std::string text) {
    if (::isatty(STDERR_FILENO) != 1 || !variable("NO_COLOR").empty() || variable("TERM") == "dumb") return text;
    colour(text, "error:", "\x1b[1;31m");
    colour(text, "warning:", "\x1b[1;33m");
    return text;
}

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
