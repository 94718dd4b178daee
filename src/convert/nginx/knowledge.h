#pragma once

// What is to be said of directives of nginx of which nothing is made.

#include <optional>
#include <string_view>

#include "convert/remark.h"

namespace seki::convert::nginx {

struct Known {
    std::string_view name;  // "gzip*": all that begin so
    RemarkKind kind;
    std::string_view reason;
};

// Nothing: it is unknown here.
std::optional<Known> known(std::string_view directive);

}  // namespace seki::convert::nginx
