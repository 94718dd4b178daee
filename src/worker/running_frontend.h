#pragma once

// A frontend of the schema as a worker runs it: the rule that requests are matched with, and what it leads to.

#include <functional>
#include <vector>

#include "base/result.h"
#include "command.pb.h"
#include "proxy/frontend.h"
#include "routing/rule.h"

namespace seki::worker {

// Finds a cluster by its id, or makes it.
using ClusterByName = std::function<proxy::ClusterPtr(const std::string& id)>;

// One, or one for each form of its path.
std::vector<routing::Rule> rules_of(const command::RequestHttpFrontend& frontend);
Result<proxy::FrontendPtr> running_frontend(const command::RequestHttpFrontend& config, const ClusterByName& cluster);
// Of a TCP listener.
proxy::FrontendPtr running_tunnel(const command::RequestTcpFrontend& config, const ClusterByName& cluster);

}  // namespace seki::worker
