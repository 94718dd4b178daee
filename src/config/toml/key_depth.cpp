#include "config/toml/key_depth.h"

#include <algorithm>

namespace seki::config {
namespace {

constexpr size_t npos = std::string_view::npos;

// Where a text in quotes that begins at `begin` ends; with three quotes it may have lines, and up to two more quotes
// before the last three are its own.
size_t end_of_quoted(std::string_view text, size_t begin) {
    const char quote = text[begin];
    const bool escapes = quote == '"';
    const bool lines = text.size() - begin >= 3 && text[begin + 1] == quote && text[begin + 2] == quote;
    for (size_t i = begin + (lines ? 3 : 1); i < text.size(); ++i) {
        if (escapes && text[i] == '\\') {
            ++i;
        } else if (text[i] == quote) {
            if (!lines) return i + 1;
            const size_t run = std::min(text.find_first_not_of(quote, i), text.size()) - i;
            if (run >= 3) return i + std::min<size_t>(run, 5);
            i += run - 1;
        } else if (text[i] == '\n' && !lines) {
            return i;  // a mistake: the library stops here
        }
    }
    return text.size();
}

}  // namespace

uint32_t line_of_endless_key(std::string_view text) {
    uint32_t line = 1;
    size_t dots = 0;
    for (size_t i = 0; i < text.size();) {
        size_t next = i + 1;
        const char c = text[i];
        if (c == '"' || c == '\'') {
            next = end_of_quoted(text, i);
        } else if (c == '#') {
            next = std::min(text.find('\n', i), text.size());
        } else if (c == '.') {
            if (++dots == max_key_parts) return line;
        } else if (std::string_view("\n=,[]{}").find(c) != npos) {
            dots = 0;
        }
        line += static_cast<uint32_t>(std::ranges::count(text.substr(i, next - i), '\n'));
        i = next;
    }
    return 0;
}

}  // namespace seki::config
