#pragma once

// What the messages of the schema are to a worker: the plain values that requests meet.

#include <memory>

#include "backend/backend.h"
#include "backend/balancing/algorithms.h"
#include "base/result.h"
#include "command.pb.h"
#include "proxy/cluster.h"
#include "proxy/listener.h"
#include "tls/server_context.h"

namespace seki::worker {

// Without address and routes, which the caller has. `limits`: those of a listener that says nothing of them; none goes
// beyond max_head_bytes, which a buffer holds.
Result<proxy::Listener> running_listener(const command::HttpListenerConfig& config, const http::HeadLimits& limits,
                                         uint32_t buffer_size);
// What its connections share with others.
struct Tls {
    tls::Engine& engine;
    std::shared_ptr<const tls::CertificateStore> certificates;  // of its address
};
Result<proxy::Listener> running_listener(const command::HttpsListenerConfig& config, const http::HeadLimits& limits,
                                         uint32_t buffer_size, const Tls& tls);
proxy::Listener running_listener(const command::TcpListenerConfig& config);
// `before`: what the cluster has now, or null; what is the same of it stays.
Result<std::shared_ptr<const proxy::ClusterPolicy>> running_policy(const command::Cluster& config, tls::Engine& engine,
                                                                   const proxy::ClusterPolicy* before);
Result<backend::BalancingChoice> running_balancing(const command::Cluster& config);
backend::State running_state(command::BackendState state);
std::shared_ptr<backend::Backend> running_backend(const command::AddBackend& addition);

// Of a cluster or a frontend.
template <typename Config>
proxy::TimeoutOverrides timeouts_of(const Config& config) {
    using std::chrono::seconds;
    proxy::TimeoutOverrides timeouts;
    if (config.has_front_timeout()) timeouts.front = seconds(config.front_timeout());
    if (config.has_back_timeout()) timeouts.back = seconds(config.back_timeout());
    if (config.has_connect_timeout()) timeouts.connect = seconds(config.connect_timeout());
    if (config.has_tunnel_timeout()) timeouts.tunnel = seconds(config.tunnel_timeout());
    timeouts.any = timeouts.front || timeouts.back || timeouts.connect || timeouts.tunnel;
    return timeouts;
}

}  // namespace seki::worker
