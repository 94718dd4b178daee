#pragma once

// How a change becomes running objects. prepare() builds everything and may refuse; commit() puts it in place, cannot
// fail and costs what the change costs. In between nothing that runs knows of it, so that several workers change as
// one.

#include <expected>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "backend/pool.h"
#include "base/result.h"
#include "command.pb.h"
#include "observe/metrics.h"
#include "tls/engine.h"
#include "worker.pb.h"
#include "worker/placed_certificates.h"
#include "worker/tables.h"

namespace seki::worker {

class Apply {
public:
    // For listeners that say nothing of it.
    struct Defaults {
        http::HeadLimits head_limits;
        uint32_t buffer_size = 0;
    };

    // All outlive this.
    Apply(Tables& tables, backend::Pool& pool, observe::Metrics& metrics, tls::Engine& tls,
          PlacedCertificates& certificates, const Defaults& defaults) noexcept
        : tables_(tables),
          pool_(pool),
          metrics_(metrics),
          tls_(tls),
          certificates_(certificates),
          defaults_(defaults) {}

    // Which of the changes cannot be made, from 0 on, and why.
    struct Refusal {
        std::string reason;
        int change = 0;
    };
    // All of them, or none and the reason. What names a listener that is not there is kept for the listener to come:
    // whether it may be is the supervisor's to say. An order that is continued is one with what was prepared before;
    // any other takes its place.
    std::expected<void, Refusal> prepare(const Prepare& order);
    void commit();
    void abort();

    // Called at commit with the new filter of the log.
    std::function<void(const std::string& filter)> on_log_filter;
    // Likewise with the new limit of connections per source, of clusters that have none of their own; 0: none.
    std::function<void(uint64_t limit)> on_connection_limit;
    std::function<void(uint64_t limit)> on_subnet_limit;  // of sources of one network
    // Likewise when a cluster has another limit of connections of its own than before.
    std::function<void(const proxy::ClusterPtr& cluster)> on_cluster_limit;
    // Likewise with how many backends may be tried for one request, of clusters that do not say.
    std::function<void(uint32_t limit)> on_attempt_limit;
    // Likewise when clusters and backends shall be measured, or not, or all figures begin at zero.
    std::function<void(command::MetricsConfiguration)> on_metrics;
    // Likewise with a backend that was removed and has no connections.
    std::function<void(const backend::Backend&)> on_backend_released;

private:
    using Step = std::move_only_function<void()>;

    Result<> prepare_one(const command::Request& change);
    Result<> add_http_frontend(command::ListenerType type, const command::RequestHttpFrontend& frontend);
    void remove_http_frontend(command::ListenerType type, const command::RequestHttpFrontend& frontend);
    Result<> set_tunnel(const command::RequestTcpFrontend& frontend);
    void remove_tunnel(const command::RequestTcpFrontend& frontend);
    Result<> add_http_listener(const command::HttpListenerConfig& config);
    Result<> add_https_listener(const command::HttpsListenerConfig& config);
    Result<> add_certificate(const command::AddCertificate& addition, const CertificatePlace& place);
    Result<> remove_certificate(const command::RemoveCertificate& removal);
    void add_listener(const ListenerKey& key, proxy::Listener listener);
    void remove_listener(const command::RemoveListener& removal);
    Result<> add_cluster(const command::Cluster& config);
    void remove_cluster(const std::string& id);
    void add_backend(const command::AddBackend& addition);
    void remove_backend(const command::RemoveBackend& removal);
    void set_backend_state(const command::SetBackendState& change);

    void add_reference(const proxy::FrontendPtr& frontend);
    void drop_reference(const proxy::FrontendPtr& frontend);
    proxy::ClusterPtr use_cluster(const std::string& id);
    void set_policy(const proxy::ClusterPtr& cluster, std::shared_ptr<const proxy::ClusterPolicy> policy);
    std::shared_ptr<proxy::Routes> use_routes(const ListenerKey& key);
    void remove_unused();
    void retire(backend::Backend& backend);

    Tables& tables_;
    backend::Pool& pool_;
    observe::Metrics& metrics_;
    tls::Engine& tls_;
    PlacedCertificates& certificates_;
    Defaults defaults_;
    std::vector<Step> steps_;
    std::vector<std::string> clusters_;  // used by what is prepared
    std::vector<ListenerKey> routes_;    // likewise
};

}  // namespace seki::worker
