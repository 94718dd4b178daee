#pragma once

// What an accepted change brings about that whoever asked for it may not have meant: a backend of a cluster that nobody
// configured, frontends whose cluster has gone, a redirect to where nobody serves. The change is made all the same, and
// each consequence is a warning in its answer and in the log. Of the configuration file the same is said about the
// place that brings it about.
//
// A consequence is judged by what is there after the change, so that the usual order (listener, cluster, backends,
// frontends) is silent.

#include <cstdint>
#include <fmt/format.h>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "config/state.h"

namespace seki::config {

struct Consequence {
    std::string field;  // of the message, if one brings it about; a Refusal says it likewise
    std::string text;
};

class Findings {
public:
    template <typename... Args>
    void add(std::string_view field, fmt::format_string<Args...> format, Args&&... args) {
        found_.push_back({std::string(field), fmt::format(format, std::forward<Args>(args)...)});
    }
    std::vector<Consequence> take() { return std::move(found_); }

private:
    std::vector<Consequence> found_;
};

// `state` is the one that has taken the change; `now_s` are the seconds since 1970.
std::vector<Consequence> consequences(const State& state, const command::Request& change, int64_t now_s);

// What a whole configuration leads to, a cluster of it, an HTTPS listener, a log filter. Each is empty when there is
// nothing to say.
std::string why_nothing_is_served(const State& state);
std::string why_cluster_is_not_served(const State& state, const std::string& cluster_id);
std::string why_handshakes_fail(const State& state, const SocketAddress& listener);
// A directive for a module that does not exist.
std::string why_filter_is_odd(std::string_view filter);

}  // namespace seki::config
