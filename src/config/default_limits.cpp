#include "config/default_limits.h"

namespace seki::config {

using command::Request;

Limits limits_after(Limits limits, const Request& change) {
    if (change.has_set_max_connections_per_ip()) limits.max_connections_per_ip = change.set_max_connections_per_ip();
    if (change.has_set_max_connections_per_subnet())
        limits.max_connections_per_subnet = change.set_max_connections_per_subnet();
    if (change.has_set_max_connection_attempts()) limits.max_connection_attempts = change.set_max_connection_attempts();
    return limits;
}

std::vector<Request> limit_changes(const Limits& from, const Limits& to) {
    std::vector<Request> changes;
    if (from.max_connections_per_ip != to.max_connections_per_ip)
        changes.emplace_back().set_set_max_connections_per_ip(to.max_connections_per_ip);
    if (from.max_connections_per_subnet != to.max_connections_per_subnet)
        changes.emplace_back().set_set_max_connections_per_subnet(to.max_connections_per_subnet);
    if (from.max_connection_attempts != to.max_connection_attempts)
        changes.emplace_back().set_set_max_connection_attempts(to.max_connection_attempts);
    return changes;
}

}  // namespace seki::config
