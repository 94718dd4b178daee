#include "proxy/source_limits.h"

#include <chrono>
#include <utility>

#include "base/network.h"
#include "net/source_rates.h"

namespace seki::proxy {

namespace {

// 0: as many as it likes.
uint64_t connection_limit(const Context& context, const Cluster& cluster) {
    const uint64_t of_all = context.settings.max_connections_per_source;
    return cluster.policy != nullptr ? cluster.policy->max_connections_per_source.value_or(of_all) : of_all;
}

uint64_t subnet_limit(const Context& context, const Cluster& cluster) {
    const uint64_t of_all = context.settings.max_connections_per_subnet;
    return cluster.policy != nullptr ? cluster.policy->max_connections_per_subnet.value_or(of_all) : of_all;
}

uint64_t source_hash(const Context& context, const Cluster& cluster, const SocketAddress& source) {
    return context.sources.hash(cluster.id(), source);
}

// A network of one address is not that address, which has a count of its own; nor has it the terms of a rate.
uint64_t subnet_hash(const Context& context, const Cluster& cluster, const SocketAddress& source) {
    constexpr uint64_t of_subnet = uint64_t{1} << 63U;
    const Settings& settings = context.settings;
    const Network network =
        Network::around(source.ip_address(), source.is_v4() ? settings.subnet_prefix_v4 : settings.subnet_prefix_v6);
    return context.sources.hash(cluster.id(), SocketAddress(network.address(), 0), of_subnet | network.prefix());
}

// A place under a limit: the one that is held, another one, or none, where there is no limit.
struct Place {
    bool held = false;
    net::SourceCounts::Token taken;

    void put_into(net::SourceCounts::Token& token) {
        if (!held) token = std::move(taken);
    }
};

// Nothing when there is none left.
std::optional<Place> find_place(Context& context, const net::SourceCounts::Token& holds, uint64_t hash,
                                uint64_t limit) {
    if (holds.is_for(hash)) return Place{.held = true, .taken = {}};
    auto token = context.source_counts.acquire(hash, limit);
    if (!token.valid()) return std::nullopt;
    return Place{.held = false, .taken = std::move(token)};
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
    std::optional<Place> place = Place{};
    std::optional<Place> in_subnet = Place{};
    if (const uint64_t limit = connection_limit(context, cluster); limit > 0)
        place = find_place(context, counted_, source_hash(context, cluster, source), limit);
    if (const uint64_t limit = subnet_limit(context, cluster); limit > 0 && place)
        in_subnet = find_place(context, counted_in_subnet_, subnet_hash(context, cluster, source), limit);
    if (place && in_subnet) {
        place->put_into(counted_);
        in_subnet->put_into(counted_in_subnet_);
        return std::nullopt;
    }
    context.recorder.over_limit(cluster, Count::connections_over_limit);
    uint32_t retry_after_s = context.settings.retry_after_s;
    if (cluster.policy != nullptr) retry_after_s = cluster.policy->retry_after_s.value_or(retry_after_s);
    return Refusal{place ? "connection limit of the subnet" : "connection limit", retry_after_s};
}

void SourceLimits::count_afterwards(Context& context, const Cluster& cluster, const SocketAddress& source) {
    const auto count = [&](net::SourceCounts::Token& token, uint64_t hash) {
        if (!token.is_for(hash)) token = context.source_counts.admit(hash);
    };
    if (connection_limit(context, cluster) > 0) count(counted_, source_hash(context, cluster, source));
    if (subnet_limit(context, cluster) > 0) count(counted_in_subnet_, subnet_hash(context, cluster, source));
}

}  // namespace seki::proxy
