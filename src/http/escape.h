#pragma once

// Texts that somebody else chose, put into an answer of ours: nobody may write markup, code or another field through
// them. What has to be escaped depends on what they are put into. Control characters pass nowhere.

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "http/message.h"

namespace seki::http {

enum class Escaping : uint8_t {
    plain,   // a field value, or text that nobody interprets
    markup,  // HTML and XML: in text and in quoted attributes
    json,    // within the quotes of a string, of JavaScript too
};

// What a body with this Content-Type needs; without one a browser may take it for HTML.
[[nodiscard]] Escaping escaping_for(std::string_view content_type) noexcept;

[[nodiscard]] size_t escaped_size(std::string_view text, Escaping how) noexcept;
// All of it or, when it does not fit, nothing.
void append_escaped(std::string_view text, Escaping how, Output& out) noexcept;

}  // namespace seki::http
