#pragma once

// What is different between two states, for people: which things came, went or became otherwise, and in what.

#include <cstddef>
#include <string>

#include "command.pb.h"
#include "config/state.h"

namespace seki::config {

// In the order of the kinds and of their keys; at most so many, the others are counted. Of values nothing is told, for
// some are secret.
command::Differences differences(const State& from, const State& to, size_t max);

// "~ Cluster web: https_redirect"
std::string text(const command::Difference& difference);

}  // namespace seki::config
