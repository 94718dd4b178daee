#pragma once

// What the messages of the schema are to a worker: the plain values that requests meet.

#include <memory>

#include "backend/backend.h"
#include "command.pb.h"
#include "proxy/cluster.h"
#include "proxy/listener.h"
#include "routing/router.h"

namespace seki::worker {

// Without address and routes, which the caller has.
proxy::Listener running_listener(const command::HttpListenerConfig& config);
proxy::Listener running_listener(const command::TcpListenerConfig& config);
std::shared_ptr<const proxy::ClusterPolicy> running_policy(const command::Cluster& config);
routing::Rule rule_of(const command::RequestHttpFrontend& frontend);
std::shared_ptr<backend::Backend> running_backend(const command::AddBackend& addition);

}  // namespace seki::worker
