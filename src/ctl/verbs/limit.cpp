#include "ctl/verbs/verbs.h"

namespace seki::ctl {

void add_limit_verbs(Family& root) {
    Family limit = root.family("connection-limit", "Connections that one source address may have to a cluster");
    Verb& set = limit.verb("set", "set_max_connections_per_ip: 0", "Set the limit until the next start");
    set.value("limit", "", "Connections per source address and cluster; 0 = unlimited").required();
    limit.verb("remove", "set_max_connections_per_ip: 0", "Lift the limit");
    limit.verb("show", "query_max_connections_per_ip {}", "Show the limit");
}

}  // namespace seki::ctl
