#pragma once

// What a worker runs, as changes made it: listeners, what they route by, clusters. Everything is found by hash, so that
// a change and a request cost the same whatever there is. Sessions and exchanges hold what they began with by
// shared_ptr; a change puts new objects here and touches none that run.

#include <absl/container/flat_hash_map.h>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "config/listener_key.h"
#include "proxy/cluster.h"
#include "proxy/listener.h"

namespace seki::worker {

using config::ListenerKey;

class Tables {
public:
    // Null when there is none.
    [[nodiscard]] proxy::ListenerPtr listener(const ListenerKey& key) const;
    void put_listener(const ListenerKey& key, proxy::ListenerPtr listener) {
        listeners_.insert_or_assign(key, std::move(listener));
    }
    void remove_listener(const ListenerKey& key) { listeners_.erase(key); }

    // Made on first use: a change that names a cluster or an address may come before the one that configures it.
    std::shared_ptr<proxy::Routes> routes(const ListenerKey& key);
    proxy::ClusterPtr cluster(std::string_view id);
    // Null when there is none.
    [[nodiscard]] proxy::ClusterPtr find_cluster(std::string_view id) const;
    // Likewise by what those remember who do not hold it (proxy::Cluster::key).
    [[nodiscard]] proxy::ClusterPtr find_cluster_by_key(uint64_t key) const;

    template <typename Visit>
    void for_each_cluster(Visit visit) const {
        for (const auto& [id, named] : clusters_) visit(named.cluster);
    }

    template <typename Visit>
    void for_each_routes(Visit visit) const {
        for (const auto& [key, routes] : routes_) visit(key, *routes);
    }

    // Counts the rules that lead to a cluster. Of one that is there.
    void add_reference(const proxy::Cluster& cluster);
    void drop_reference(const proxy::Cluster& cluster);

    // Removes what is empty and used by nobody.
    void remove_unused_routes(const ListenerKey& key);
    // Likewise a cluster without backends that nothing refers to; true when it is gone now. Exchanges do not count:
    // they keep what they began with.
    bool remove_unused_cluster(std::string_view id);

private:
    struct NamedCluster {
        proxy::ClusterPtr cluster;
        uint32_t frontends = 0;
    };

    absl::flat_hash_map<ListenerKey, proxy::ListenerPtr> listeners_;
    absl::flat_hash_map<ListenerKey, std::shared_ptr<proxy::Routes>> routes_;
    absl::flat_hash_map<std::string, NamedCluster> clusters_;
    absl::flat_hash_map<uint64_t, proxy::ClusterPtr> clusters_by_key_;  // the same
};

}  // namespace seki::worker
