#include "worker/apply.h"

#include <algorithm>
#include <utility>

#include "config/convert.h"
#include "config/stored_certificate.h"
#include "worker/running.h"
#include "worker/running_frontend.h"
#include "worker/running_tls.h"

namespace seki::worker {

using command::Request;

namespace {

template <typename Visit>
void for_each_cluster(const proxy::Frontend& frontend, Visit visit) {
    if (frontend.cluster != nullptr) visit(*frontend.cluster);
    for (const proxy::Frontend::Share& share : frontend.split) visit(*share.cluster);
}

}  // namespace

std::expected<void, Apply::Refusal> Apply::prepare(const Prepare& order) {
    if (!order.continued()) abort();
    int places = 0;
    for (int index = 0; index < order.changes_size(); ++index) {
        const Request& change = order.changes(index);
        auto prepared = !change.has_add_certificate() ? prepare_one(change)
                        : places < order.certificates_size()
                            ? add_certificate(change.add_certificate(), order.certificates(places++))
                            : failure("the place of a certificate is not told");
        if (!prepared) {
            abort();
            return std::unexpected(Refusal{std::move(prepared.error().message), index});
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
    remove_unused();
}

void Apply::remove_unused() {
    for (const std::string& id : clusters_) {
        if (tables_.remove_unused_cluster(id)) metrics_.remove_cluster(id);
    }
    for (const ListenerKey& key : routes_) tables_.remove_unused_routes(key);
    clusters_.clear();
    routes_.clear();
}

Result<> Apply::prepare_one(const Request& change) {
    switch (change.request_type_case()) {
        // One that is there is put in the place of the old one: that is how an update arrives.
        case Request::kAddHttpListener:
            return add_http_listener(change.add_http_listener());
        case Request::kAddHttpsListener:
            return add_https_listener(change.add_https_listener());
        case Request::kAddHttpsListenerWithClientAuth:
            return add_https_listener(change.add_https_listener_with_client_auth());
        case Request::kAddTcpListener:
            add_listener({command::TCP, config::checked_address(change.add_tcp_listener().address())},
                         running_listener(change.add_tcp_listener()));
            return {};
        case Request::kRemoveListener:
            remove_listener(change.remove_listener());
            return {};
        case Request::kAddHttpFrontend:  // likewise
            return add_http_frontend(command::HTTP, change.add_http_frontend());
        case Request::kAddHttpFrontendWithHeaderPredicates:
            return add_http_frontend(command::HTTP, change.add_http_frontend_with_header_predicates());
        case Request::kAddHttpFrontendWithSilentClose:
            return add_http_frontend(command::HTTP, change.add_http_frontend_with_silent_close());
        case Request::kRemoveHttpFrontend:
            remove_http_frontend(command::HTTP, change.remove_http_frontend());
            return {};
        case Request::kRemoveHttpFrontendWithHeaderPredicates:
            remove_http_frontend(command::HTTP, change.remove_http_frontend_with_header_predicates());
            return {};
        case Request::kAddHttpsFrontend:
            return add_http_frontend(command::HTTPS, change.add_https_frontend());
        case Request::kAddHttpsFrontendWithHeaderPredicates:
            return add_http_frontend(command::HTTPS, change.add_https_frontend_with_header_predicates());
        case Request::kAddHttpsFrontendWithSilentClose:
            return add_http_frontend(command::HTTPS, change.add_https_frontend_with_silent_close());
        case Request::kRemoveHttpsFrontend:
            remove_http_frontend(command::HTTPS, change.remove_https_frontend());
            return {};
        case Request::kRemoveHttpsFrontendWithHeaderPredicates:
            remove_http_frontend(command::HTTPS, change.remove_https_frontend_with_header_predicates());
            return {};
        case Request::kRemoveCertificate:
            return remove_certificate(change.remove_certificate());
        case Request::kAddTcpFrontend:
            return set_tunnel(change.add_tcp_frontend());
        case Request::kRemoveTcpFrontend:
            remove_tunnel(change.remove_tcp_frontend());
            return {};
        case Request::kAddBackend:
            add_backend(change.add_backend());
            return {};
        case Request::kAddUnixBackend:
            add_backend(change.add_unix_backend());
            return {};
        case Request::kRemoveBackend:
            remove_backend(change.remove_backend());
            return {};
        case Request::kSetBackendState:
            set_backend_state(change.set_backend_state());
            return {};
        case Request::kSetMaxConnectionsPerIp:
            steps_.emplace_back([this, limit = change.set_max_connections_per_ip()] { on_connection_limit(limit); });
            return {};
        case Request::kSetMaxConnectionsPerSubnet:
            steps_.emplace_back([this, limit = change.set_max_connections_per_subnet()] { on_subnet_limit(limit); });
            return {};
        case Request::kSetMaxConnectionAttempts:
            steps_.emplace_back([this, limit = change.set_max_connection_attempts()] { on_attempt_limit(limit); });
            return {};
        case Request::kSetTlsTicketSecret:
            steps_.emplace_back([this, secret = tls::ticket_secret_of(change.set_tls_ticket_secret())] {
                tls_.tickets.set_secret(secret, tls_.loop.wall());
            });
            return {};
        case Request::kLogging:
            steps_.emplace_back([this, filter = change.logging()] { on_log_filter(filter); });
            return {};
        case Request::kConfigureMetrics:
            steps_.emplace_back([this, asked = change.configure_metrics()] { on_metrics(asked); });
            return {};
        case Request::kAddCluster:
            return add_cluster(change.add_cluster());
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

// ---- listeners

Result<> Apply::add_http_listener(const command::HttpListenerConfig& config) {
    auto listener = running_listener(config, defaults_.head_limits, defaults_.buffer_size);
    if (!listener) return std::unexpected(listener.error());
    add_listener({command::HTTP, config::checked_address(config.address())}, std::move(*listener));
    return {};
}

Result<> Apply::add_https_listener(const command::HttpsListenerConfig& config) {
    const ListenerKey key{command::HTTPS, config::checked_address(config.address())};
    const auto routes = use_routes(key);
    const std::shared_ptr<const tls::CertificateStore> certificates(routes, &routes->certificates);
    auto listener = running_listener(config, defaults_.head_limits, defaults_.buffer_size, {tls_, certificates});
    if (!listener) return std::unexpected(listener.error());
    tls::CertificatePtr own;
    if (config.has_certificate()) {
        auto read = running_certificate(config);
        if (!read) return std::unexpected(read.error());
        own = std::move(*read);
    }
    steps_.emplace_back([routes, own = std::move(own)] { routes->certificates.set_default(own); });
    add_listener(key, std::move(*listener));
    return {};
}

void Apply::add_listener(const ListenerKey& key, proxy::Listener listener) {
    listener.address = key.address;
    listener.routes = use_routes(key);
    steps_.emplace_back([this, key, made = std::make_shared<const proxy::Listener>(std::move(listener))]() mutable {
        tables_.put_listener(key, std::move(made));
    });
}

void Apply::remove_listener(const command::RemoveListener& removal) {
    const ListenerKey key = config::checked_listener_key(removal);
    steps_.emplace_back([this, key, routes = use_routes(key)] {
        routes->certificates.set_default(nullptr);
        tables_.remove_listener(key);
    });
}

// ---- certificates

// They belong to the address: whoever adds the listener finds them there.
Result<> Apply::add_certificate(const command::AddCertificate& addition, const CertificatePlace& place) {
    auto certificate = certificates_.make(addition, place);
    if (!certificate) return std::unexpected(certificate.error());
    const ListenerKey key{command::HTTPS, config::checked_address(addition.address())};
    steps_.emplace_back([this, routes = use_routes(key), made = std::move(*certificate)]() mutable {
        if (const auto replaced = routes->certificates.put(std::move(made))) tls_.certificates.forget(*replaced);
    });
    return {};
}

Result<> Apply::remove_certificate(const command::RemoveCertificate& removal) {
    const auto fingerprint = config::parse_fingerprint(removal.fingerprint());
    if (!fingerprint) return failure("'{}' is no fingerprint", removal.fingerprint());
    const ListenerKey key{command::HTTPS, config::checked_address(removal.address())};
    steps_.emplace_back([this, routes = use_routes(key), gone = *fingerprint] {
        if (const auto removed = routes->certificates.remove(gone)) tls_.certificates.forget(*removed);
    });
    return {};
}

// ---- frontends

Result<> Apply::add_http_frontend(command::ListenerType type, const command::RequestHttpFrontend& frontend) {
    const ListenerKey key{type, config::checked_address(frontend.address())};
    auto made = running_frontend(frontend, [this](const std::string& id) { return use_cluster(id); });
    if (!made) return std::unexpected(made.error());
    for (routing::Rule& written : rules_of(frontend)) {
        auto rule = routing::compile(std::move(written));
        if (!rule) return std::unexpected(rule.error());
        steps_.emplace_back([this, routes = use_routes(key), rule = std::move(*rule), target = *made]() mutable {
            add_reference(target);
            drop_reference(routes->http.put(std::move(rule), target).value_or(nullptr));
        });
    }
    return {};
}

void Apply::remove_http_frontend(command::ListenerType type, const command::RequestHttpFrontend& frontend) {
    const ListenerKey key{type, config::checked_address(frontend.address())};
    steps_.emplace_back([this, routes = use_routes(key), rules = rules_of(frontend)] {
        for (const routing::Rule& rule : rules) {
            if (const auto removed = routes->http.remove(rule)) drop_reference(*removed);
        }
    });
}

Result<> Apply::set_tunnel(const command::RequestTcpFrontend& frontend) {
    const ListenerKey key{command::TCP, config::checked_address(frontend.address())};
    auto target = running_tunnel(frontend, [this](const std::string& id) { return use_cluster(id); });
    steps_.emplace_back([this, routes = use_routes(key), target = std::move(target)] {
        add_reference(target);
        drop_reference(std::exchange(routes->tunnel, target));
    });
    return {};
}

void Apply::remove_tunnel(const command::RequestTcpFrontend& frontend) {
    const ListenerKey key{command::TCP, config::checked_address(frontend.address())};
    steps_.emplace_back([this, routes = use_routes(key)] { drop_reference(std::exchange(routes->tunnel, nullptr)); });
}

void Apply::add_reference(const proxy::FrontendPtr& frontend) {
    for_each_cluster(*frontend, [this](const proxy::Cluster& cluster) { tables_.add_reference(cluster); });
}

void Apply::drop_reference(const proxy::FrontendPtr& frontend) {
    if (frontend == nullptr) return;
    for_each_cluster(*frontend, [this](const proxy::Cluster& cluster) {
        tables_.drop_reference(cluster);
        clusters_.push_back(cluster.id());
    });
}

std::shared_ptr<proxy::Routes> Apply::use_routes(const ListenerKey& key) {
    routes_.push_back(key);
    return tables_.routes(key);
}

// ---- clusters

proxy::ClusterPtr Apply::use_cluster(const std::string& id) {
    clusters_.push_back(id);
    return tables_.cluster(id);
}

Result<> Apply::add_cluster(const command::Cluster& config) {
    const auto cluster = use_cluster(config.cluster_id());
    auto policy = running_policy(config, tls_, cluster->policy.get());
    if (!policy) return std::unexpected(policy.error());
    const auto balancing = running_balancing(config);
    if (!balancing) return std::unexpected(balancing.error());
    steps_.emplace_back([this, cluster, made = std::move(*policy), balancing = *balancing]() mutable {
        set_policy(cluster, std::move(made));
        cluster->backends.set_balancing(balancing);
    });
    return {};
}

void Apply::set_policy(const proxy::ClusterPtr& cluster, std::shared_ptr<const proxy::ClusterPolicy> policy) {
    using Limit = std::optional<uint64_t>;
    const auto limit = [&] {
        const proxy::ClusterPolicy* const now = cluster->policy.get();
        return now == nullptr ? std::pair<Limit, Limit>()
                              : std::pair(now->max_connections_per_source, now->max_connections_per_subnet);
    };
    const auto tls = [&] { return cluster->policy != nullptr ? cluster->policy->tls : nullptr; };
    const auto before = limit();
    const auto tls_before = tls();
    cluster->policy = std::move(policy);
    if (limit() != before) on_cluster_limit(cluster);
    if (tls() == tls_before) return;
    for (const backend::BackendPtr& backend : cluster->backends.backends()) pool_.renew(*backend);
}

// Frontends may still lead there: then it serves on, and is counted anew.
void Apply::remove_cluster(const std::string& id) {
    steps_.emplace_back([this, cluster = use_cluster(id)] {
        set_policy(cluster, nullptr);
        cluster->backends.set_balancing({});
        metrics_.remove_cluster(cluster->id());
    });
}

void Apply::add_backend(const command::AddBackend& addition) {
    steps_.emplace_back(
        [this, cluster = use_cluster(addition.cluster_id()), backend = running_backend(addition)]() mutable {
            const auto known = cluster->backends.find(backend->id, backend->address);
            const bool moved = known != nullptr && known->unix_path != backend->unix_path;
            const auto placed = cluster->backends.put(std::move(backend));
            if (moved) pool_.renew(*placed);
            if (placed->state == backend::State::maintenance) pool_.close_idle(*placed);
        });
}

void Apply::remove_backend(const command::RemoveBackend& removal) {
    steps_.emplace_back([this, cluster = use_cluster(removal.cluster_id()), id = removal.backend_id(),
                         address = config::checked_address(removal.address())] {
        if (const auto removed = cluster->backends.remove(id, address)) retire(*removed);
        if (!cluster->backends.has(id)) metrics_.remove_backend(cluster->id(), id);
    });
}

void Apply::set_backend_state(const command::SetBackendState& change) {
    steps_.emplace_back([this, cluster = use_cluster(change.cluster_id()), id = change.backend_id(),
                         address = config::checked_address(change.address()), state = running_state(change.state())] {
        const auto backend = cluster->backends.find(id, address);
        if (backend == nullptr) return;
        backend->state = state;
        if (state == backend::State::maintenance) pool_.close_idle(*backend);
    });
}

// Exchanges that run go on; the connection of each ends with it.
void Apply::retire(backend::Backend& backend) {
    if (backend.connections == 0) return on_backend_released(backend);
    pool_.close_idle(backend);
}

}  // namespace seki::worker
