#pragma once

// How this library sets up RE2, for single patterns and for sets alike. Kept out of regex.h so that nobody else
// includes RE2.

#include <re2/re2.h>

#include "routing/regex.h"

namespace seki::routing {

re2::RE2::Options regex_options(Letters letters, int64_t max_memory);

}  // namespace seki::routing
