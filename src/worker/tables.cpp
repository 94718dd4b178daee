#include "worker/tables.h"

#include "base/check.h"

namespace seki::worker {

namespace {
// Debian builds abseil with a string_view of its own.
absl::string_view key_of(std::string_view text) noexcept { return {text.data(), text.size()}; }
}  // namespace

proxy::ListenerPtr Tables::listener(const ListenerKey& key) const {
    const auto found = listeners_.find(key);
    return found != listeners_.end() ? found->second : nullptr;
}

std::shared_ptr<proxy::Routes> Tables::routes(const ListenerKey& key) {
    auto& routes = routes_[key];
    if (routes == nullptr) routes = std::make_shared<proxy::Routes>();
    return routes;
}

proxy::ClusterPtr Tables::cluster(std::string_view id) {
    const auto found = clusters_.find(key_of(id));
    if (found != clusters_.end()) return found->second.cluster;
    NamedCluster& made = clusters_[key_of(id)];
    made.cluster = std::make_shared<proxy::Cluster>(std::string(id));
    clusters_by_key_.insert_or_assign(made.cluster->key(), made.cluster);
    return made.cluster;
}

proxy::ClusterPtr Tables::find_cluster(std::string_view id) const {
    const auto found = clusters_.find(key_of(id));
    return found != clusters_.end() ? found->second.cluster : nullptr;
}

proxy::ClusterPtr Tables::find_cluster_by_key(uint64_t key) const {
    const auto found = clusters_by_key_.find(key);
    return found != clusters_by_key_.end() ? found->second : nullptr;
}

void Tables::add_reference(const proxy::Cluster& cluster) { ++clusters_.at(cluster.id()).frontends; }

void Tables::drop_reference(const proxy::Cluster& cluster) {
    uint32_t& frontends = clusters_.at(cluster.id()).frontends;
    SEKI_CHECK(frontends > 0);
    --frontends;
}

void Tables::remove_unused_routes(const ListenerKey& key) {
    const auto found = routes_.find(key);
    if (found == routes_.end() || found->second.use_count() > 1) return;
    if (found->second->http.size() == 0 && found->second->tunnel == nullptr && found->second->certificates.empty())
        routes_.erase(found);
}

bool Tables::remove_unused_cluster(std::string_view id) {
    const auto found = clusters_.find(key_of(id));
    if (found == clusters_.end()) return false;
    const NamedCluster& named = found->second;
    const bool configured = named.cluster->policy != nullptr;
    if (configured || named.frontends > 0 || !named.cluster->backends.backends().empty()) return false;
    named.cluster->backends.forget();
    clusters_by_key_.erase(named.cluster->key());
    clusters_.erase(found);
    return true;
}

}  // namespace seki::worker
