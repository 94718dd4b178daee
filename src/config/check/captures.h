#pragma once

// How many pieces of a request a rule catches, for templates of hosts and paths (routing/rewrite.h) to name.

#include <cstddef>
#include <cstdint>

#include "command.pb.h"

namespace seki::config {

// The largest numbers that a frontend's templates may name; its host and path are right.
struct Captures {
    size_t host = 0;
    size_t path = 0;

    // Of a frontend that catches who knows what.
    static constexpr Captures any() { return {SIZE_MAX, SIZE_MAX}; }
};

Captures captures_of(const command::RequestHttpFrontend& frontend);

}  // namespace seki::config
