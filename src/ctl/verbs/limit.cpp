#include "ctl/verbs/verbs.h"

namespace seki::ctl {

void add_limit_verbs(Family& root) {
    Family limit = root.family("connection-limit", "Connections that one source address may have to a cluster");
    Verb& set = limit.verb("set", "set_max_connections_per_ip: 0", "Set the limit until the next start");
    set.value("limit", "", "Connections per source address and cluster; 0 = unlimited").required();
    limit.verb("remove", "set_max_connections_per_ip: 0", "Lift the limit");
    limit.verb("show", "query_max_connections_per_ip {}", "Show the limit");

    Family subnet =
        root.family("subnet-connection-limit", "Connections that all addresses of a network may have to a cluster");
    Verb& set_subnet = subnet.verb("set", "set_max_connections_per_subnet: 0", "Set the limit until the next start");
    set_subnet.value("limit", "", "Connections per network and cluster; 0 = unlimited").required();
    subnet.verb("remove", "set_max_connections_per_subnet: 0", "Lift the limit");
    subnet.verb("show", "query_max_connections_per_subnet {}", "Show the limit, and how large a network is");

    Family attempts = root.family("connection-attempts", "Attempts at backends for one request");
    Verb& set_attempts = attempts.verb("set", "set_max_connection_attempts: 1", "Set the limit until the next start");
    set_attempts.value("limit", "", "Connections that are tried, the first one included; 1 to 255").required();
}

}  // namespace seki::ctl
