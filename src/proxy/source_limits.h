#pragma once

// How many connections one source may have to a cluster, and the counting of those that were there before anybody
// asked.

#include <cstdint>

namespace seki::proxy {

class Client;
class Context;
struct Cluster;
struct ClusterPolicy;

// 0: as many as it likes. `policy`: null where a cluster asks for nothing.
[[nodiscard]] uint64_t connection_limit(const Context& context, const ClusterPolicy* policy);

// The client was let into the cluster while nobody counted. From now on it counts, whatever that comes to: nobody is
// sent away, but who comes next is refused. Costs nothing where there is no limit.
void count_connection(Context& context, const Cluster& cluster, Client& client);

}  // namespace seki::proxy
