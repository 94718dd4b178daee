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

}  // namespace seki::ctl
