#include "observe/json_line.h"

#include <algorithm>

#include "base/utf8.h"

namespace seki::observe {

namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";  // U+FFFD
// The longest that one character becomes: \u001f.
constexpr size_t longest_escape = 6;

}  // namespace

bool JsonLine::begin_member(std::string_view name, size_t value_size) noexcept {
    // A comma, two pairs of quotes, a colon.
    if (skipping_ || line_.room() < name.size() * longest_escape + value_size + last_bytes + 6) return false;
    if (!first_) line_.add(',');
    first_ = false;
    line_.add('"');
    escaped(name, name.size() * longest_escape);
    line_.add("\":");
    return true;
}

void JsonLine::text(std::string_view name, std::string_view value, size_t limit) noexcept {
    if (value.empty() || !begin_member(name, longest_escape)) return;
    line_.add('"');
    escaped(value, std::min(limit, line_.room() - last_bytes - 1));
    line_.add('"');
}

void JsonLine::number(std::string_view name, uint64_t value) noexcept {
    constexpr size_t digits = 20;
    if (begin_member(name, digits)) line_.add_number(value);
}

void JsonLine::seconds(std::string_view name, Duration time) noexcept {
    constexpr size_t digits = 20;
    if (!begin_member(name, digits)) return;
    const auto us = static_cast<uint64_t>(std::max<int64_t>(time.count(), 0)) / 1000;
    line_.add_number(us / 1'000'000);
    line_.add('.');
    line_.add_digits(us % 1'000'000, 6);
}

void JsonLine::flag(std::string_view name, bool value) noexcept {
    if (begin_member(name, 5)) line_.add(value ? "true" : "false");
}

void JsonLine::open(std::string_view name) noexcept {
    if (!begin_member(name, 1)) {
        skipping_ = true;
        return;
    }
    line_.add('{');
    first_ = true;
}

void JsonLine::close() noexcept {
    if (skipping_) {
        skipping_ = false;
        return;
    }
    line_.add('}');
    first_ = false;
}

void JsonLine::end() noexcept {
    line_.add('}');
    line_.end_line();
}

void JsonLine::escaped(std::string_view text, size_t limit) noexcept {
    constexpr std::string_view hex = "0123456789abcdef";
    limit = std::min(limit, line_.room());
    while (!text.empty()) {
        const size_t size = first_character(text).size;
        const std::string_view character = size == 0 ? replacement : text.substr(0, size);
        const auto code = static_cast<uint8_t>(text.front());
        const bool quoted = code == '"' || code == '\\';
        const bool control = code < ' ' || code == 0x7F;
        const size_t needed = control ? longest_escape : character.size() + (quoted ? 1 : 0);
        if (needed > limit) return;
        limit -= needed;
        if (control) {
            line_.add("\\u00");
            line_.add(hex[code >> 4]);
            line_.add(hex[code & 0xF]);
        } else {
            if (quoted) line_.add('\\');
            line_.add(character);
        }
        text.remove_prefix(std::max<size_t>(size, 1));
    }
}

}  // namespace seki::observe
