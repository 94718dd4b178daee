#pragma once

// Letters of ASCII, without regard to the process' locale.

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace seki {

[[nodiscard]] constexpr char lower(char c) noexcept { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

// Writes the text in lower case to `out`, which has room for it. Eight characters at a time: every request's host goes
// through here.
inline void write_lower(std::string_view text, char* out) noexcept {
    constexpr uint64_t each = 0x0101010101010101;
    size_t i = 0;
    for (; i + 8 <= text.size(); i += 8) {
        uint64_t word = 0;
        std::memcpy(&word, text.data() + i, 8);
        // Added to seven bits, these carry into the eighth from "A" on, and from behind "Z" on.
        const uint64_t low = word & each * 0x7F;
        const uint64_t letters = ((low + each * (0x80 - 'A')) ^ (low + each * (0x7F - 'Z'))) & ~word & each * 0x80;
        word |= letters >> 2;
        std::memcpy(out + i, &word, 8);
    }
    for (; i < text.size(); ++i) out[i] = lower(text[i]);
}

}  // namespace seki
