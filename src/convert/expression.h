#pragma once

// Regular expressions of others (PCRE, searched for in the path) as Seki's (RE2, for the whole of path and query), and
// names of hosts as Seki's patterns.

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace seki::convert {

// A text as an expression that only it matches.
std::string quoted_expression(std::string_view text);

// For paths in which the other one finds a match; the error says what RE2 does not know.
Result<std::string> path_expression(std::string_view pcre, bool any_case);

// For hosts in which the other one finds a match: each label a text or an expression of its own.
Result<std::string> host_pattern(std::string_view pcre);

// Hosts with one to three labels behind what they begin with.
std::vector<std::string> hosts_beginning_with(std::string_view text);

// What all texts begin with that the expression matches.
std::string_view fixed_beginning(std::string_view expression);

// How long an expression of Seki may be.
inline constexpr size_t max_expression_bytes = 1024;

}  // namespace seki::convert
