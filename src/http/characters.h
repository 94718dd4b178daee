#pragma once

// The characters of RFC 9110 §5.6 and RFC 9112, as tables, and the search for those that may not be.

#include <array>
#include <cstdint>
#include <string_view>

namespace seki::http {

namespace table {
enum : uint8_t {
    token = 1,
    target = 2,     // visible ASCII but for "#": RFC 3986 allows less, browsers send more than it allows
    host = 4,       // RFC 3986 §3.2.2: reg-name, but for "%": who decodes it has another name than who does not
    plain_name = 8  // letters, digits and "-", which all names of fields are made of that anybody uses
};
extern const std::array<uint8_t, 256> classes;
}  // namespace table

// RFC 9110 §5.6.2: tchar.
[[nodiscard]] inline bool is_token(char c) noexcept {
    return (table::classes[static_cast<uint8_t>(c)] & table::token) != 0;
}
// The first character that is not of that class, or the end. Four at a time, since most texts are longer than that.
template <uint8_t flag>
[[nodiscard]] inline const char* find_other_than(const char* begin, const char* end) noexcept {
    const auto class_of = [](char c) noexcept { return table::classes[static_cast<uint8_t>(c)]; };
    while (end - begin >= 4 &&
           (class_of(begin[0]) & class_of(begin[1]) & class_of(begin[2]) & class_of(begin[3]) & flag) != 0) {
        begin += 4;
    }
    while (begin != end && (class_of(*begin) & flag) != 0) ++begin;
    return begin;
}
[[nodiscard]] inline bool is_digit(char c) noexcept { return c >= '0' && c <= '9'; }
[[nodiscard]] inline bool is_blank(char c) noexcept { return c == ' ' || c == '\t'; }

// The first byte of the text that is a colon, or no visible ASCII character; or its end. What stands before it may
// still have characters that no token has.
[[nodiscard]] const char* find_colon(const char* begin, const char* end) noexcept;

// The first byte of the text that no field value may have (RFC 9110 §5.5): a control character other than the tab; or
// its end.
[[nodiscard]] const char* find_control(const char* begin, const char* end) noexcept;

// Without the blanks at its ends.
[[nodiscard]] inline std::string_view trim(std::string_view text) noexcept {
    const char* begin = text.data();
    const char* end = begin + text.size();
    while (begin != end && is_blank(*begin)) ++begin;
    while (begin != end && is_blank(end[-1])) --end;
    return {begin, end};
}

// The value of a hexadecimal digit, or -1.
[[nodiscard]] inline int hex_value(char c) noexcept {
    if (is_digit(c)) return c - '0';
    const char letter = static_cast<char>(c | 0x20);
    return letter >= 'a' && letter <= 'f' ? letter - 'a' + 10 : -1;
}

// Calls `visit(element)` for each element of a comma-separated list (RFC 9110 §5.6.1); empty elements are left out.
template <typename Visit>
void for_each_element(std::string_view list, Visit visit) {
    while (!list.empty()) {
        const size_t comma = list.find(',');
        const std::string_view element = trim(list.substr(0, comma));
        if (!element.empty()) visit(element);
        if (comma == std::string_view::npos) return;
        list.remove_prefix(comma + 1);
    }
}

}  // namespace seki::http
