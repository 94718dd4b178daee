#pragma once

// What a server sends may hold names that its own clients chose; on the way to a terminal such text must neither move
// the cursor nor pretend to be something else. `printable` replaces control characters, bidirectional overrides (the
// "Trojan Source" trick) and bytes that are not UTF-8 by '?'; line feeds stay.

#include <cstddef>
#include <string>
#include <string_view>

namespace seki::ctl {

std::string printable(std::string_view text);

// How many columns a terminal gives to printable text: two for East Asian and emoji characters, none for combining
// marks.
size_t display_width(std::string_view text);
// Printable text that is wider than this ends with "…".
std::string cut(const std::string& text, size_t width);

// How many columns the terminal has that stdout is; 0: it is none, or nobody knows.
size_t output_width();

// With colours for "error:" and "warning:" at the beginnings of lines, where stderr is a terminal whose user does not
// refuse them ($NO_COLOR, no-color.org).
std::string for_stderr(std::string text);

}  // namespace seki::ctl
