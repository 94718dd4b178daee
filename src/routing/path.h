#pragma once

// The normal form of a path (RFC 3986 §6.2.2), in which requests and rules are compared: a backend takes "/%2egit",
// "//.git" and "/x/../.git" for "/.git", and so must a rule that keeps clients from there. In it
//
//     escapes     of letters, digits and -._~!$'()*,:@ are the character itself, which means the same there; all others
//                 stay, with capital digits. %2F is no slash, and %2561 is decoded once: it stays
//     segments    "." and ".." are resolved, and nothing lies above the root; slashes in a row are one
//
// What is no escape stays as it is, and so does everything from the first '?' on, and what is no path, as "*". The
// normal form is never longer, and its own normal form. It is for comparing: backends get what the client sent.

#include <optional>
#include <string>
#include <string_view>

namespace seki::routing {

enum class PathForm : uint8_t { as_written, normal };

// Whether one look tells that the path, with or without a query, is in its normal form. So it is nearly always.
[[nodiscard]] inline bool plainly_normal(std::string_view path) noexcept {
    char before = '\0';
    for (const char c : path) {
        if (c == '?') break;
        if (c == '%' || (before == '/' && (c == '/' || c == '.'))) return false;
        before = c;
    }
    return true;
}

// The path itself, or its normal form in `storage`.
[[nodiscard]] std::string_view normal_path(std::string_view path, std::string& storage);

// The same of what paths begin with. Its last segment is a part of one: "/." stays, for it begins "/.git".
[[nodiscard]] std::string normal_prefix(std::string_view prefix);

// Whether backends may take the path for another one than its normal form says: it has an escaped '/' or NUL, a '\' in
// whatever form, a '%' that begins no escape, or a dot segment, also with parameters ("..;a" is one to some).
[[nodiscard]] bool ambiguous_path(std::string_view path) noexcept;

// The byte that the escape at the beginning of `text` stands for; nothing when there is none.
[[nodiscard]] std::optional<char> escaped_byte(std::string_view text) noexcept;

}  // namespace seki::routing
