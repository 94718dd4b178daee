#include "worker/tables.h"

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
    if (found != clusters_.end()) return found->second;
    return clusters_.emplace(std::string(id), std::make_shared<proxy::Cluster>(std::string(id))).first->second;
}

void Tables::tidy_routes(const ListenerKey& key) {
    const auto found = routes_.find(key);
    if (found == routes_.end() || found->second.use_count() > 1) return;
    if (found->second->http.size() == 0 && found->second->tunnel == nullptr) routes_.erase(found);
}

void Tables::tidy_cluster(std::string_view id) {
    const auto found = clusters_.find(key_of(id));
    if (found == clusters_.end() || found->second.use_count() > 1) return;
    if (found->second->policy == nullptr && found->second->backends.backends().empty()) clusters_.erase(found);
}

}  // namespace seki::worker
