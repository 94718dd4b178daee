#pragma once

// The limits of what one source, or all sources of one network, may have of a cluster, in all workers together:
// connections, and requests in a time.
// Every client's connection has its part in them: it counts for the cluster of the last request, or tunnel, that was
// let in, and a request to another cluster moves its token. So it is the connection that holds the token, whatever the
// wire format, and not the request: between two requests of one connection it still is a connection. Where no limit is
// set nothing is hashed, counted or touched.

#include <cstdint>
#include <optional>

#include "net/source_counts.h"
#include "proxy/cluster.h"
#include "proxy/context.h"

namespace seki::proxy {

class SourceLimits {
public:
    SourceLimits() = default;
    // Of a connection that this cluster, by its key, let in at another worker. Not counted here yet.
    explicit SourceLimits(uint64_t cluster_key) noexcept : cluster_key_(cluster_key) {}

    // What a client is told whose source has as much of the cluster as it may.
    struct Refusal {
        const char* message;
        uint32_t retry_after_s;  // 0: left out
    };

    // A request of the connection goes to the cluster, and counts; or why it may not.
    std::optional<Refusal> let_in(Context& context, const Cluster& cluster, const SocketAddress& source) {
        if (concern(context, cluster)) {
            if (auto refusal = refuse(context, cluster, source)) return refusal;
        }
        cluster_key_ = cluster.key();
        return std::nullopt;
    }
    // The connection was let into the cluster while nobody counted. From now on it counts, whatever that comes to:
    // nobody is sent away, but who comes next is refused. Costs nothing where there is no limit.
    void count_afterwards(Context& context, const Cluster& cluster, const SocketAddress& source);
    // The connection ends.
    void leave() noexcept {
        counted_.reset();
        counted_in_subnet_.reset();
    }
    // Which cluster let it in last, limit or not: Cluster::key(), 0 for none.
    [[nodiscard]] uint64_t cluster_key() const noexcept { return cluster_key_; }

private:
    [[nodiscard]] bool concern(const Context& context, const Cluster& cluster) const noexcept {
        const Settings& settings = context.settings;
        if (settings.max_connections_per_source > 0 || settings.max_connections_per_subnet > 0) return true;
        if (counted_.valid() || counted_in_subnet_.valid()) return true;
        const ClusterPolicy* const policy = cluster.policy.get();
        return policy != nullptr && (policy->max_connections_per_source || policy->max_connections_per_subnet ||
                                     policy->rate.per_second > 0);
    }
    std::optional<Refusal> refuse(Context& context, const Cluster& cluster, const SocketAddress& source);
    std::optional<Refusal> refuse_connection(Context& context, const Cluster& cluster, const SocketAddress& source);

    // For that cluster, if it has a limit.
    net::SourceCounts::Token counted_;
    net::SourceCounts::Token counted_in_subnet_;
    uint64_t cluster_key_ = 0;
};

}  // namespace seki::proxy
