#pragma once

// Others ask routes one after the other; Seki has an order of its own: expressions before prefixes, the longer before
// the shorter. Where both do not come to the same, a prefix becomes an expression, and an expression is made longer by
// groups that match nothing, "(?:)".

#include <string_view>
#include <vector>

#include "convert/model.h"

namespace seki::convert {

// The frontends of one host.
std::vector<Frontend> arrange(const Site& site, Remarks& remarks);

}  // namespace seki::convert
