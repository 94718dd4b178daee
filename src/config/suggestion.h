#pragma once

// What somebody may have meant who named a thing that is not there.

#include <string>

#include "config/state.h"

namespace seki::config {

// "; did you mean 'web'?"; empty where no cluster has a name like that. To compare takes time, so where there are very
// many nobody looks.
std::string did_you_mean_cluster(const State& state, const std::string& written);

}  // namespace seki::config
