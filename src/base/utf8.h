#pragma once

// Characters of UTF-8, as strict as RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF.

#include <cstddef>
#include <string>
#include <string_view>

namespace seki {

struct Utf8Character {
    char32_t code;
    size_t size;  // in bytes; 0: what begins here is not UTF-8
};

// The first one of a text that is not empty.
Utf8Character first_character(std::string_view text) noexcept;
bool is_utf8(std::string_view text) noexcept;

// With a '?' for each control character, each byte that is not UTF-8, and what separates lines or turns the direction
// of writing round (the "Trojan Source" trick). Line feeds stay.
std::string printable(std::string_view text);

}  // namespace seki
