#pragma once

// A TOML text as a tree of plain values that know their lines. Only document.cpp sees the TOML library; everything
// else reads this tree, through table.h.

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "config/toml/diagnostic.h"

namespace seki::config {

struct TomlValue;
struct TomlEntry;

using TomlArray = std::vector<TomlValue>;
using TomlTable = std::vector<TomlEntry>;  // in the order of the lines; no key twice

// Dates, times, infinities: nothing in the configuration is one.
struct TomlOther {};

// Where in its line something begins, and how many characters it has there (Diagnostic::column, Diagnostic::width).
struct TomlSpan {
    uint32_t column = 0;
    uint32_t width = 0;
};

struct TomlValue {
    uint32_t line = 0;  // of its key, if it has one
    TomlSpan span;      // of the value if it begins in that line, else of the key
    std::variant<TomlOther, bool, int64_t, double, std::string, TomlArray, TomlTable> is;
};

struct TomlEntry {
    std::string key;
    TomlSpan key_span;
    TomlValue value;
};

// What a value is, with its article: "a number".
std::string_view kind_name(const TomlValue& value);

// The table of the whole text; empty, with a diagnostic, when the text is no TOML.
TomlTable read_document(std::string_view text, Diagnostics& diagnostics);

// Whether both are TOML, and every reader of the one reads the same in the other: keys, values and their types, the
// order in lists, but no places.
bool is_same_document(std::string_view one, std::string_view other);

}  // namespace seki::config
