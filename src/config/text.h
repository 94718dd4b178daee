#pragma once

// What a text of the configuration may be made of.

#include <string>
#include <string_view>

namespace seki::config {

// RFC 3629: no overlong forms, no surrogates, nothing beyond U+10FFFF.
bool is_utf8(std::string_view text);

// C0 controls and DEL: they would break lines of logs and of HTTP apart.
bool has_control(std::string_view text);

// RFC 9110 §5.6.2: field names, methods, names of cookies.
bool is_token(std::string_view text);

// RFC 9110 §5.5: no control characters but the tab, and no blank at either end.
bool is_field_value(std::string_view text);

bool is_alphanumeric(char c);  // of ASCII

// Letters beyond ASCII stay.
std::string lower_case(std::string_view text);

// Why `filter` is no log filter ("info", "warn,proxy=debug"); empty when it is one.
std::string_view why_no_log_filter(std::string_view filter);

}  // namespace seki::config
