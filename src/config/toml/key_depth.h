#pragma once

// The TOML library walks its tree by recursion and bounds how deep values nest, but not how many parts a dotted key
// has: "a.a.a.…" would make it run out of stack. So such keys are found before it sees the text.

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace seki::config {

inline constexpr size_t max_key_parts = 16;

// The line of the first key with more parts; 0 when there is none. Right for whatever comes before the first mistake in
// the text, which is all that the library looks at.
uint32_t line_of_endless_key(std::string_view text);

}  // namespace seki::config
