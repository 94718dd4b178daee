#pragma once

// A configuration file as `seki fmt` leaves it: the same keys, values and comments in the same order, with blanks,
// empty lines and line breaks by one rule. docs/configuration.md tells the rule.
//
// Strings, numbers and comments stay as they were written. Formatted once more, a text stays as it is.

#include <string>
#include <string_view>

#include "base/result.h"

namespace seki::config {

// `text` is TOML (syntax_mistakes() in file.h). The result is read once more: an error means that it would not say the
// same, which is a mistake in here.
Result<std::string> format(std::string_view text);

}  // namespace seki::config
