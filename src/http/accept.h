#pragma once

// Which of the types that Seki can give an answer of its own in a client likes best (RFC 9110 §12.5.1).

#include <cstdint>
#include <string_view>

namespace seki::http {

// In the order in which they are preferred when the client does not mind.
enum class AnswerType : uint8_t { html, json, text };

[[nodiscard]] std::string_view content_type(AnswerType type) noexcept;

// By the value of Accept; empty: there was none. HTML when nothing is acceptable: an answer that the client did not ask
// for tells it more than none. What does not follow the grammar is passed over.
[[nodiscard]] AnswerType preferred_type(std::string_view accept) noexcept;

}  // namespace seki::http
