#pragma once

// Names and values that an operator gives to what leads requests somewhere, for its lines in the access log.

#include <string>
#include <utility>
#include <vector>

namespace seki::observe {

using AccessTags = std::vector<std::pair<std::string, std::string>>;

}  // namespace seki::observe
