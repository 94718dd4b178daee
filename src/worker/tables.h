#pragma once

// What a worker runs, as changes made it: listeners, what they route by, clusters. Everything is found by hash, so that
// a change and a request cost the same whatever there is. Sessions and exchanges hold what they began with by
// shared_ptr; a change puts new objects here and touches none that run.

#include <absl/container/flat_hash_map.h>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "net/address.h"
#include "proxy/cluster.h"
#include "proxy/listener.h"

namespace seki::worker {

struct ListenerKey {
    proxy::Listener::Kind kind = proxy::Listener::Kind::http;
    SocketAddress address;

    bool operator==(const ListenerKey&) const = default;
    template <typename H>
    friend H AbslHashValue(H state, const ListenerKey& key) {
        return H::combine(std::move(state), key.kind, key.address);
    }
};

class Tables {
public:
    // Null when there is none.
    [[nodiscard]] proxy::ListenerPtr listener(const ListenerKey& key) const;
    void put_listener(const ListenerKey& key, proxy::ListenerPtr listener) {
        listeners_.insert_or_assign(key, std::move(listener));
    }
    void remove_listener(const ListenerKey& key) { listeners_.erase(key); }

    // Made on first mention: a change that names a cluster or an address may come before the one that configures it.
    std::shared_ptr<proxy::Routes> routes(const ListenerKey& key);
    proxy::ClusterPtr cluster(std::string_view id);

    // Forgets what was mentioned but holds nothing and is used by nobody.
    void tidy_routes(const ListenerKey& key);
    void tidy_cluster(std::string_view id);

private:
    absl::flat_hash_map<ListenerKey, proxy::ListenerPtr> listeners_;
    absl::flat_hash_map<ListenerKey, std::shared_ptr<proxy::Routes>> routes_;
    absl::flat_hash_map<std::string, proxy::ClusterPtr> clusters_;
};

}  // namespace seki::worker
