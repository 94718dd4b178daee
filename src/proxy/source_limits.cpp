#include "proxy/source_limits.h"

#include <chrono>
#include <utility>

#include "net/source_rates.h"

namespace seki::proxy {

namespace {

// 0: as many as it likes.
uint64_t connection_limit(const Context& context, const Cluster& cluster) {
    const uint64_t of_all = context.settings.max_connections_per_source;
    return cluster.policy != nullptr ? cluster.policy->max_connections_per_source.value_or(of_all) : of_all;
}

std::optional<SourceLimits::Refusal> refuse_request(Context& context, const Cluster& cluster,
                                                    const SocketAddress& source) {
    if (cluster.policy == nullptr || cluster.policy->rate.per_second == 0) return std::nullopt;
    const RateLimit& rate = cluster.policy->rate;
    // A bucket of its own for each rate: a changed one does not have to wait until the debts of the old one are paid.
    const uint64_t terms = (uint64_t{rate.per_second} << 32U) | rate.burst;
    const Duration wait = context.source_rates.take(context.sources.hash(cluster.id(), source, terms),
                                                    {rate.per_second, rate.burst}, context.loop.now());
    if (wait == Duration::zero()) return std::nullopt;
    context.recorder.over_limit(cluster, Count::requests_over_limit);
    const auto seconds = static_cast<uint32_t>(std::chrono::ceil<std::chrono::seconds>(wait).count());
    return SourceLimits::Refusal{"rate limit", seconds};
}

}  // namespace

std::optional<SourceLimits::Refusal> SourceLimits::refuse(Context& context, const Cluster& cluster,
                                                          const SocketAddress& source) {
    if (auto refusal = refuse_connection(context, cluster, source)) return refusal;
    return refuse_request(context, cluster, source);
}

std::optional<SourceLimits::Refusal> SourceLimits::refuse_connection(Context& context, const Cluster& cluster,
                                                                     const SocketAddress& source) {
    const uint64_t limit = connection_limit(context, cluster);
    if (limit == 0) {
        counted_.reset();
        return std::nullopt;
    }
    const uint64_t hash = context.sources.hash(cluster.id(), source);
    if (counted_.is_for(hash)) return std::nullopt;
    if (auto token = context.source_counts.acquire(hash, limit); token.valid()) {
        counted_ = std::move(token);
        return std::nullopt;
    }
    context.recorder.over_limit(cluster, Count::connections_over_limit);
    uint32_t retry_after_s = context.settings.retry_after_s;
    if (cluster.policy != nullptr) retry_after_s = cluster.policy->retry_after_s.value_or(retry_after_s);
    return Refusal{"connection limit", retry_after_s};
}

void SourceLimits::count_afterwards(Context& context, const Cluster& cluster, const SocketAddress& source) {
    if (connection_limit(context, cluster) == 0) return;
    const uint64_t hash = context.sources.hash(cluster.id(), source);
    if (!counted_.is_for(hash)) counted_ = context.source_counts.admit(hash);
}

}  // namespace seki::proxy
