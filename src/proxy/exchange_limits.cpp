// Limits of what one source may have of a cluster, in all workers together: connections, and requests in a time. Where
// no limit is set nothing is hashed, counted or touched.

#include <chrono>
#include <optional>

#include "net/source_counts.h"
#include "net/source_rates.h"
#include "proxy/client.h"
#include "proxy/context.h"
#include "proxy/exchange.h"
#include "proxy/source_limits.h"

namespace seki::proxy {

namespace {

struct Refusal {
    Count limit;
    const char* message;
    uint32_t retry_after_s;
};

// The connection counts for the cluster of its last request that was let in; one to another cluster moves its token.
std::optional<Refusal> refuse_connection(Context& context, const Cluster& cluster, const ClusterPolicy* policy,
                                         const SocketAddress& source, net::SourceCounts::Token& counted) {
    const uint64_t limit = connection_limit(context, policy);
    if (limit == 0) {
        counted.reset();
        return std::nullopt;
    }
    const uint64_t hash = context.sources.hash(cluster.id(), source);
    if (counted.is_for(hash)) return std::nullopt;
    if (auto token = context.source_counts.acquire(hash, limit); token.valid()) {
        counted = std::move(token);
        return std::nullopt;
    }
    uint32_t retry_after_s = context.settings.retry_after_s;
    if (policy != nullptr) retry_after_s = policy->retry_after_s.value_or(retry_after_s);
    return Refusal{Count::connections_over_limit, "connection limit", retry_after_s};
}

std::optional<Refusal> refuse_request(Context& context, const Cluster& cluster, const ClusterPolicy* policy,
                                      const SocketAddress& source) {
    if (policy == nullptr || policy->rate.per_second == 0) return std::nullopt;
    const RateLimit& rate = policy->rate;
    // A bucket of its own for each rate: a changed one does not have to wait until the debts of the old one are paid.
    const uint64_t terms = (uint64_t{rate.per_second} << 32U) | rate.burst;
    const Duration wait = context.source_rates.take(context.sources.hash(cluster.id(), source, terms),
                                                    {rate.per_second, rate.burst}, context.loop.now());
    if (wait == Duration::zero()) return std::nullopt;
    const auto seconds = static_cast<uint32_t>(std::chrono::ceil<std::chrono::seconds>(wait).count());
    return Refusal{Count::requests_over_limit, "rate limit", seconds};
}

}  // namespace

uint64_t connection_limit(const Context& context, const ClusterPolicy* policy) {
    const uint64_t of_all = context.settings.max_connections_per_source;
    return policy != nullptr ? policy->max_connections_per_source.value_or(of_all) : of_all;
}

void count_connection(Context& context, const Cluster& cluster, Client& client) {
    if (connection_limit(context, cluster.policy.get()) == 0) return;
    const uint64_t hash = context.sources.hash(cluster.id(), client.session().peer());
    if (!client.counted().is_for(hash)) client.counted() = context.source_counts.admit(hash);
}

bool Exchange::limits_source() const noexcept {
    if (cluster_ == nullptr) return false;
    if (context_.settings.max_connections_per_source > 0 || client_->counted().valid()) return true;
    return policy_ != nullptr && (policy_->max_connections_per_source || policy_->rate.per_second > 0);
}

std::optional<Exchange::Reply> Exchange::over_limit() {
    const SocketAddress& source = client_->session().peer();
    auto refusal = refuse_connection(context_, *cluster_, policy_.get(), source, client_->counted());
    if (!refusal) refusal = refuse_request(context_, *cluster_, policy_.get(), source);
    if (!refusal) return std::nullopt;
    context_.recorder.over_limit(*cluster_, refusal->limit);
    return Reply{.status = 429, .message = refusal->message, .retry_after_s = refusal->retry_after_s};
}

void Exchange::refuse_tunnel(const Reply& reply) {
    record_.message = reply.message;
    net::Session& session = client_->session();
    retire(false);
    // Not at once: what the client may have sent already would turn the end into a reset.
    session.close(net::CloseManner::linger, net::CloseReason::limited);
}

}  // namespace seki::proxy
