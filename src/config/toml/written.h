#pragma once

// A TOML text as it was written: its lines in their order, values as trees with the comments between them. Keys and
// values are not understood, only told apart; what they mean has document.h. Views into the text.

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/result.h"

namespace seki::config {

struct WrittenPart;
struct WrittenEntry;

struct WrittenComment {
    std::string_view text;  // with its "#", without blanks behind it
    size_t column;          // how many characters stood before it in its line
    size_t gap;             // how many blanks were the last ones of them
};

struct WrittenArray {
    std::optional<WrittenComment> opening;  // right behind the bracket
    std::vector<WrittenPart> parts;
    bool in_lines = false;  // has comments, or a comma behind its last element and the bracket in a line below
};

// What it does with its entries can only be said where these are known.
struct WrittenTable {
    WrittenTable();
    WrittenTable(WrittenTable&&) noexcept;
    WrittenTable& operator=(WrittenTable&&) noexcept;
    ~WrittenTable();

    std::vector<WrittenEntry> entries;
};

struct WrittenValue {
    std::variant<std::string_view, WrittenArray, WrittenTable> is;
    std::optional<size_t> width;  // in characters, in one line; nothing: it takes several lines
};

// An element of an array, with the comment behind it, or a comment in a line of its own.
struct WrittenPart {
    bool blank_before = false;  // there are empty lines before it
    std::optional<WrittenValue> value{};
    std::optional<WrittenComment> comment{};
};

struct WrittenEntry {
    std::string key;
    WrittenValue value;
};

// A header, a key with its value, which may go on for more lines, or a comment in a line of its own.
struct WrittenLine {
    bool blank_before = false;
    std::string header{};  // "[clusters.shop]"
    std::optional<WrittenEntry> entry{};
    std::optional<WrittenComment> comment{};
};

// An error when the text is no TOML, but not for each one that is none.
Result<std::vector<WrittenLine>> read_written(std::string_view text);

}  // namespace seki::config
