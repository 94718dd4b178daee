#pragma once

// The Forwarded field of RFC 7239, as far as somebody who continues it has to understand it.

#include <string_view>

namespace seki::http {

// Whether the value is a list of elements, each of pairs "name=value" with ';' between them (RFC 7239 §4). Addresses
// with colons and brackets are taken without their quotation marks, and blanks around ';' too: many write them so, and
// nobody can misread it.
[[nodiscard]] bool is_forwarded(std::string_view value) noexcept;

}  // namespace seki::http
