#pragma once

// Where comments and empty lines go in the lines of a text that is formatted.

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "config/toml/written.h"

namespace seki::config {

struct LaidLine {
    bool blank_before = false;
    bool is_header = false;
    size_t indent = 0;
    std::string code{};  // may have lines of its own, in strings; empty: only a comment
    std::optional<WrittenComment> comment{};
    bool continues = false;  // the comment goes on with the one in the line above, below which it stands
};

// One line between tables. Comments right above a header belong to it.
void separate_headers(std::vector<LaidLine>& lines);
// To be called before separate_headers().
void find_continued_comments(std::vector<LaidLine>& lines);

// The text of all. Comments behind something stay in the column that those of consecutive lines shared, or move to the
// next one that leaves two blanks before each.
std::string text_of(const std::vector<LaidLine>& lines);

}  // namespace seki::config
