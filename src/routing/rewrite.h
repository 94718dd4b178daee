#pragma once

// Templates of hosts and paths. `$HOST[n]` and `$PATH[n]` stand for what the rule caught of the request (captures.h);
// every other '$' is only that.

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace seki::routing {

struct RewritePart {
    enum class Kind : uint8_t { literal, host, path };
    Kind kind;
    std::string_view literal;
    size_t index = 0;  // of what was caught
};

// Views into `text`. The error says what is wrong with the brackets.
Result<std::vector<RewritePart>> rewrite_parts(std::string_view text);

}  // namespace seki::routing
