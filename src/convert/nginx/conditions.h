#pragma once

// `if ($something = value)` as what a request has to be like.

#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "convert/model.h"
#include "convert/nginx/scope.h"

namespace seki::convert::nginx {

// Where a request arrives that is asked about.
struct Place {
    std::string_view host;  // a pattern
    bool secure = false;
    uint16_t port = 0;
    std::string_view first_name;           // of the server
    std::span<const std::string> names{};  // all of them, in small letters
};

struct Answer {
    enum class Kind { never, always, depends, unknown };
    Kind kind = Kind::unknown;
    Match match;  // where it depends
};

Answer ask(const Directive& condition, const Place& place);

}  // namespace seki::convert::nginx
