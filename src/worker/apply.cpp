#include "worker/apply.h"

#include <algorithm>
#include <fmt/format.h>
#include <map>
#include <utility>

#include "config/convert.h"
#include "worker/running.h"

namespace seki::worker {

using command::Request;
using Kind = proxy::Listener::Kind;

Result<> Apply::prepare(const google::protobuf::RepeatedPtrField<Request>& changes, bool serving) {
    abort();
    for (const Request& change : changes) {
        if (auto prepared = prepare_one(change, serving); !prepared) {
            abort();
            return prepared;
        }
    }
    return {};
}

void Apply::commit() {
    for (Step& step : steps_) step();
    abort();
}

void Apply::abort() {
    steps_.clear();
    new_listeners_.clear();
    tidy();
}

void Apply::tidy() {
    for (const std::string& id : clusters_) {
        if (tables_.tidy_cluster(id)) metrics_.remove_cluster(id);
    }
    for (const ListenerKey& key : routes_) tables_.tidy_routes(key);
    clusters_.clear();
    routes_.clear();
}

Result<> Apply::prepare_one(const Request& change, bool serving) {
    switch (change.request_type_case()) {
        case Request::kAddHttpListener:
            add_listener({Kind::http, config::checked_address(change.add_http_listener().address())},
                         running_listener(change.add_http_listener()));
            return {};
        case Request::kAddTcpListener:
            add_listener({Kind::tcp, config::checked_address(change.add_tcp_listener().address())},
                         running_listener(change.add_tcp_listener()));
            return {};
        case Request::kRemoveListener:
            remove_listener(change.remove_listener());
            return {};
        case Request::kAddHttpFrontend:
            return add_http_frontend(change.add_http_frontend(), serving);
        case Request::kRemoveHttpFrontend:
            remove_http_frontend(change.remove_http_frontend());
            return {};
        case Request::kAddTcpFrontend:
            return set_tunnel(change.add_tcp_frontend(), serving);
        case Request::kRemoveTcpFrontend:
            remove_tunnel(change.remove_tcp_frontend());
            return {};
        case Request::kAddBackend:
            add_backend(change.add_backend());
            return {};
        case Request::kRemoveBackend:
            remove_backend(change.remove_backend());
            return {};
        case Request::kLogging:
            steps_.emplace_back([this, filter = change.logging()] { on_log_filter(filter); });
            return {};
        case Request::kAddCluster:
            add_cluster(change.add_cluster());
            return {};
        case Request::kRemoveCluster:
            remove_cluster(change.remove_cluster());
            return {};
        // Which sockets a listener has is said by assign and unassign.
        case Request::kActivateListener:
        case Request::kDeactivateListener:
            return {};
        default:
            return failure("a worker cannot do {}", config::verb_name(change));
    }
}

// --- listeners
// ---------------------------------------------------------------------------------------------------------

void Apply::add_listener(const ListenerKey& key, proxy::Listener listener) {
    listener.address = key.address;
    listener.routes = mention_routes(key);
    new_listeners_.push_back(key);
    steps_.emplace_back([this, key, made = std::make_shared<const proxy::Listener>(std::move(listener))]() mutable {
        tables_.put_listener(key, std::move(made));
    });
}

void Apply::remove_listener(const command::RemoveListener& removal) {
    const ListenerKey key{removal.proxy() == command::TCP ? Kind::tcp : Kind::http,
                          config::checked_address(removal.address())};
    routes_.push_back(key);
    steps_.emplace_back([this, key] { tables_.remove_listener(key); });
}

Result<> Apply::must_listen(const ListenerKey& key, bool serving) const {
    if (!serving || tables_.listener(key) != nullptr || std::ranges::find(new_listeners_, key) != new_listeners_.end())
        return {};
    return failure("there is no {} listener on {}", key.kind == Kind::http ? "HTTP" : "TCP", key.address.text());
}

// --- frontends
// ---------------------------------------------------------------------------------------------------------

proxy::FrontendPtr Apply::make_frontend(const std::string* cluster_id,
                                        const google::protobuf::Map<std::string, std::string>& tags) {
    auto frontend = std::make_shared<proxy::Frontend>();
    if (cluster_id != nullptr) frontend->cluster = mention_cluster(*cluster_id);
    const std::map<std::string, std::string> sorted(tags.begin(), tags.end());
    for (const auto& [key, value] : sorted)
        frontend->tags += fmt::format("{}{}={}", frontend->tags.empty() ? "" : ", ", key, value);
    return frontend;
}

Result<> Apply::add_http_frontend(const command::RequestHttpFrontend& frontend, bool serving) {
    const ListenerKey key{Kind::http, config::checked_address(frontend.address())};
    if (auto listens = must_listen(key, serving); !listens) return listens;
    const bool serves = frontend.has_cluster_id() && frontend.redirect() != command::UNAUTHORIZED;
    const std::string* cluster = serves ? &frontend.cluster_id() : nullptr;
    steps_.emplace_back([this, routes = mention_routes(key), rule = rule_of(frontend),
                         target = make_frontend(cluster, frontend.tags())]() mutable {
        if (routes->http.add(std::move(rule), target)) lead_to(target);
    });
    return {};
}

void Apply::remove_http_frontend(const command::RequestHttpFrontend& frontend) {
    const ListenerKey key{Kind::http, config::checked_address(frontend.address())};
    steps_.emplace_back([this, routes = mention_routes(key), rule = rule_of(frontend)] {
        if (const auto removed = routes->http.remove(rule)) no_longer_lead_to(*removed);
    });
}

Result<> Apply::set_tunnel(const command::RequestTcpFrontend& frontend, bool serving) {
    const ListenerKey key{Kind::tcp, config::checked_address(frontend.address())};
    if (auto listens = must_listen(key, serving); !listens) return listens;
    steps_.emplace_back(
        [this, routes = mention_routes(key), target = make_frontend(&frontend.cluster_id(), frontend.tags())] {
            lead_to(target);
            no_longer_lead_to(std::exchange(routes->tunnel, target));
        });
    return {};
}

void Apply::remove_tunnel(const command::RequestTcpFrontend& frontend) {
    const ListenerKey key{Kind::tcp, config::checked_address(frontend.address())};
    steps_.emplace_back(
        [this, routes = mention_routes(key)] { no_longer_lead_to(std::exchange(routes->tunnel, nullptr)); });
}

void Apply::lead_to(const proxy::FrontendPtr& frontend) {
    if (frontend->cluster != nullptr) tables_.lead_to(*frontend->cluster);
}

void Apply::no_longer_lead_to(const proxy::FrontendPtr& frontend) {
    if (frontend == nullptr || frontend->cluster == nullptr) return;
    tables_.no_longer_lead_to(*frontend->cluster);
    clusters_.push_back(frontend->cluster->id());
}

std::shared_ptr<proxy::Routes> Apply::mention_routes(const ListenerKey& key) {
    routes_.push_back(key);
    return tables_.routes(key);
}

// --- clusters
// ----------------------------------------------------------------------------------------------------------

proxy::ClusterPtr Apply::mention_cluster(const std::string& id) {
    clusters_.push_back(id);
    return tables_.cluster(id);
}

void Apply::add_cluster(const command::Cluster& config) {
    steps_.emplace_back([cluster = mention_cluster(config.cluster_id()), policy = running_policy(config)]() mutable {
        cluster->policy = std::move(policy);
    });
}

// Frontends may still lead there: then it serves on, and is counted anew.
void Apply::remove_cluster(const std::string& id) {
    steps_.emplace_back([this, cluster = mention_cluster(id)] {
        cluster->policy = nullptr;
        metrics_.remove_cluster(cluster->id());
    });
}

void Apply::add_backend(const command::AddBackend& addition) {
    steps_.emplace_back(
        [this, cluster = mention_cluster(addition.cluster_id()), backend = running_backend(addition)]() mutable {
            if (const auto replaced = cluster->backends.put(std::move(backend))) retire(*replaced);
        });
}

void Apply::remove_backend(const command::RemoveBackend& removal) {
    steps_.emplace_back([this, cluster = mention_cluster(removal.cluster_id()), id = removal.backend_id(),
                         address = config::checked_address(removal.address())] {
        if (const auto removed = cluster->backends.remove(id, address)) retire(*removed);
        if (!cluster->backends.has(id)) metrics_.remove_backend(cluster->id(), id);
    });
}

// Exchanges that run go on; the connection of each ends with it.
void Apply::retire(backend::Backend& backend) { pool_.close_idle(backend); }

}  // namespace seki::worker
