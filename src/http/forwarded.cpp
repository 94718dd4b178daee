#include "http/forwarded.h"

#include <cstddef>

#include "http/characters.h"

namespace seki::http {

namespace {

void skip_blanks(std::string_view& rest) noexcept {
    while (!rest.empty() && is_blank(rest.front())) rest.remove_prefix(1);
}

// Takes the characters off for which `belongs` is true, and says whether there were any.
bool take(std::string_view& rest, bool (*belongs)(char)) noexcept {
    size_t size = 0;
    while (size < rest.size() && belongs(rest[size])) ++size;
    rest.remove_prefix(size);
    return size > 0;
}

bool in_value(char c) { return is_token(c) || c == ':' || c == '[' || c == ']'; }

// RFC 9110 §5.6.4: behind a backslash any character stands for itself.
bool take_quoted(std::string_view& rest) noexcept {
    for (size_t i = 1; i < rest.size(); ++i) {
        if (rest[i] == '\\') {
            ++i;
        } else if (rest[i] == '"') {
            rest.remove_prefix(i + 1);
            return true;
        }
    }
    return false;
}

bool take_pair(std::string_view& rest) noexcept {
    if (!take(rest, [](char c) { return is_token(c); }) || !rest.starts_with('=')) return false;
    rest.remove_prefix(1);
    return rest.starts_with('"') ? take_quoted(rest) : take(rest, in_value);
}

}  // namespace

// Elements and pairs may be empty, as those of every list may (RFC 9110 §5.6.1.2).
bool is_forwarded(std::string_view value) noexcept {
    for (skip_blanks(value); !value.empty(); skip_blanks(value)) {
        const bool separates = value.starts_with(',') || value.starts_with(';');
        if (separates) {
            value.remove_prefix(1);
            continue;
        }
        if (!take_pair(value)) return false;
        skip_blanks(value);
        if (!value.empty() && !value.starts_with(',') && !value.starts_with(';')) return false;
    }
    return true;
}

}  // namespace seki::http
