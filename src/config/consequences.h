#pragma once

// What an accepted change brings about that whoever asked for it may not have meant: a backend of a cluster that nobody
// configured, frontends whose cluster has gone, a redirect to where nobody serves. The change is made all the same, and
// each consequence is a warning in its answer and in the log. Of the configuration file the same is said about the
// place that brings it about.
//
// A consequence is judged by what is there after the change, so that the usual order (listener, cluster, backends,
// frontends) is silent.

#include <string>
#include <string_view>
#include <vector>

#include "config/state.h"

namespace seki::config {

struct Consequence {
    std::string field;  // of the message, if one brings it about; a Refusal says it likewise
    std::string text;
};

// `state` is the one that has taken the change.
std::vector<Consequence> consequences(const State& state, const command::Request& change);

// What a whole configuration leads to, a cluster of it, a log filter. Each is empty when there is nothing to say.
std::string why_nothing_is_served(const State& state);
std::string why_cluster_is_not_served(const State& state, const std::string& cluster_id);
// A directive for a module that does not exist.
std::string why_filter_is_odd(std::string_view filter);

}  // namespace seki::config
