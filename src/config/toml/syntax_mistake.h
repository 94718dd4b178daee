#pragma once

// What is wrong with a text that is no TOML, in words for whoever wrote it: what stands there, and what to write
// instead. The library says where it stopped and why; what was meant is guessed from the text around that place.

#include <cstdint>
#include <string>
#include <string_view>

#include "config/toml/diagnostic.h"

namespace seki::config {

// What the library says. Line and column from 1, in characters.
struct SyntaxError {
    std::string_view text;
    uint32_t line;
    uint32_t column;
    std::string_view said;
};

struct SyntaxMistake {
    Place place;
    std::string reason;
    std::string suggestion;  // in place of what is marked; empty: nothing in particular
    // What was written a second time, as it was written: the key, below the header before it ("clusters.shop"; empty
    // at the top of the file). No key: nothing was.
    std::string repeated;
    std::string repeated_below;
};

SyntaxMistake explain(const SyntaxError& error);

}  // namespace seki::config
