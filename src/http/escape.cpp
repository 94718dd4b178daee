#include "http/escape.h"

#include <algorithm>
#include <array>

#include "http/characters.h"

namespace seki::http {

namespace {

constexpr size_t ascii = 128;

// \u0000 to \u007f.
constexpr auto unicode_escapes = [] {
    constexpr std::string_view digits = "0123456789abcdef";
    std::array<std::array<char, 6>, ascii> escapes{};
    for (size_t code = 0; code < ascii; ++code) {
        escapes[code] = {'\\', 'u', '0', '0', digits[code / 16], digits[code % 16]};
    }
    return escapes;
}();

bool is_control(char c) noexcept { return static_cast<uint8_t>(c) < 0x20 || c == 0x7f; }

std::string_view markup_escape(char c) noexcept {
    switch (c) {
        case '&':
            return "&amp;";
        case '<':
            return "&lt;";
        case '>':
            return "&gt;";
        case '"':
            return "&quot;";
        case '\'':
            return "&#39;";
        default:
            return {};
    }
}

// What stands for `c`: a view of it, when it stands for itself.
std::string_view escaped(const char& c, Escaping how) noexcept {
    const std::string_view itself(&c, 1);
    if (how == Escaping::json) {
        // RFC 8259 §7, and what ends a script or an attribute when the JSON stands in a page.
        const bool special = is_control(c) || std::string_view("\"\\<>&'").find(c) != std::string_view::npos;
        const auto& escape = unicode_escapes[static_cast<uint8_t>(c) % ascii];
        return special ? std::string_view(escape.data(), escape.size()) : itself;
    }
    if (is_control(c)) return {};
    if (how == Escaping::plain) return itself;
    const std::string_view escape = markup_escape(c);
    return escape.empty() ? itself : escape;
}

bool contains(std::string_view text, std::string_view word) noexcept {
    const auto same = [](char left, char right) { return equal_ignoring_case({&left, 1}, {&right, 1}); };
    return std::ranges::search(text, word, same).begin() != text.end();
}

}  // namespace

Escaping escaping_for(std::string_view content_type) noexcept {
    const std::string_view type = trim(content_type.substr(0, content_type.find(';')));
    if (type.empty() || contains(type, "html") || contains(type, "xml")) return Escaping::markup;
    if (contains(type, "json") || contains(type, "javascript")) return Escaping::json;
    return Escaping::plain;
}

size_t escaped_size(std::string_view text, Escaping how) noexcept {
    size_t size = 0;
    for (const char& c : text) size += escaped(c, how).size();
    return size;
}

void append_escaped(std::string_view text, Escaping how, Output& out) noexcept {
    if (out.lacks(escaped_size(text, how))) return;
    for (const char& c : text) out.append(escaped(c, how));
}

}  // namespace seki::http
