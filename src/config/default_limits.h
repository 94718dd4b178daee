#pragma once

// The numbers that hold for clusters which have none of their own. They are part of the configuration, and each is
// changed by a verb.

#include <cstdint>
#include <vector>

#include "command.pb.h"

namespace seki::config {

struct Limits {
    uint64_t max_connections_per_ip = 0;      // of one source to a cluster; 0: as many as it likes
    uint64_t max_connections_per_subnet = 0;  // likewise of the sources of one network
    uint32_t max_connection_attempts = 5;     // at backends for one request, the first one included

    bool operator==(const Limits&) const = default;
};

// A change of one of them.
Limits limits_after(Limits limits, const command::Request& change);
// One request for each that is different.
std::vector<command::Request> limit_changes(const Limits& from, const Limits& to);

}  // namespace seki::config
