#include "convert/nginx/clusters.h"

#include <algorithm>
#include <fmt/format.h>

#include "base/ip_address.h"
#include "config/check/available.h"
#include "convert/values.h"

namespace seki::convert::nginx {
namespace {

// "weight=3" when `name` is "weight": the 3.
std::optional<std::string_view> value_of(std::string_view parameter, std::string_view name) {
    if (!parameter.starts_with(name) || parameter.size() <= name.size() || parameter[name.size()] != '=') return {};
    return parameter.substr(name.size() + 1);
}

bool is_name(std::string_view host) { return !IpAddress::parse(host); }

}  // namespace

std::optional<Target> target_of(std::string_view url) {
    Target target;
    if (url.starts_with("https://")) {
        target.secure = true;
        url.remove_prefix(8);
    } else if (url.starts_with("http://")) {
        url.remove_prefix(7);
    } else {
        return {};
    }
    size_t end = url.find('/');
    if (url.starts_with("unix:")) end = url.find(':', 5);
    target.host = url.substr(0, end);
    if (end != std::string_view::npos) target.path = url.substr(target.host.starts_with("unix:") ? end + 1 : end);
    if (target.host.empty()) return {};
    return target;
}

std::optional<std::string> Clusters::cluster_for(const Directive& pass, const Target& target, const Scope& scope) {
    const auto upstream = upstreams_.find(target.host);
    const bool named = upstream != upstreams_.end();
    const std::string id = target.secure ? target.host + "-tls" : target.host;
    if (model_.cluster(id) != nullptr) return id;
    if (broken_.contains(id)) return {};
    Cluster* cluster = make(id, named ? *upstream->second : pass);
    const uint16_t port = target.secure ? 443 : 80;
    if (named) {
        fill(*cluster, *upstream->second, port);
    } else if (!add_address(*cluster, pass, target.host, port)) {
        remarks_.lost(pass.origin, fmt::format("'{}' is no address of a backend", target.host));
    }
    if (cluster->backends.empty()) {
        broken_[id] = true;
        model_.clusters.pop_back();
        return {};
    }
    if (target.secure) secure(*cluster, target, scope);
    return id;
}

std::optional<std::string> Clusters::stream_cluster_for(const Directive& pass, const Scope& scope) {
    const std::string host = scope.expand(pass.argument(0));
    const auto upstream = upstreams_.find(host);
    const std::string id = "tcp-" + host;
    if (model_.cluster(id) != nullptr) return id;
    Cluster* cluster = make(id, upstream != upstreams_.end() ? *upstream->second : pass);
    cluster->tcp = true;
    if (upstream != upstreams_.end()) {
        fill(*cluster, *upstream->second, 0);
    } else if (!add_address(*cluster, pass, host, 0)) {
        remarks_.lost(pass.origin, fmt::format("'{}' is no address of a backend", host));
    }
    if (!cluster->backends.empty()) return id;
    model_.clusters.pop_back();
    return {};
}

Cluster* Clusters::make(const std::string& id, const Directive& origin) {
    Cluster& cluster = model_.clusters.emplace_back();
    cluster.id = id;
    cluster.origin = origin.origin;
    return &cluster;
}

void Clusters::fill(Cluster& cluster, const Directive& upstream, uint16_t default_port) {
    upstream.handled = true;
    uint64_t heaviest = 1;
    const Scope scope(upstream.block);
    const auto servers = scope.all_own("server");
    for (const Directive* server : servers) {
        for (const std::string& parameter : server->arguments) {
            if (const auto weight = value_of(parameter, "weight"))
                heaviest = std::max(heaviest, number_of(*weight).value_or(1));
        }
    }
    // Once one of them has a weight, the others weigh 1.
    for (const Directive* server : servers) {
        const size_t before = cluster.backends.size();
        add_server(cluster, *server, default_port);
        if (heaviest > 1 && cluster.backends.size() > before && !cluster.backends.back().keys.has("weight"))
            cluster.backends.back().keys.number("weight", 1);
    }
    for (const std::string_view method : {"least_conn", "random", "ip_hash", "hash", "least_time", "sticky"}) {
        if (const Directive* said = scope.own(method)) apply_method(cluster, *said);
    }
}

void Clusters::add_server(Cluster& cluster, const Directive& server, uint16_t default_port) {
    if (!add_address(cluster, server, server.argument(0), default_port)) {
        remarks_.lost(server.origin, "this is no address of a backend");
        return;
    }
    for (size_t i = 1; i < server.arguments.size(); ++i)
        apply_parameter(cluster.backends.back(), server, server.arguments[i]);
}

void Clusters::apply_parameter(Backend& backend, const Directive& server, std::string_view parameter) {
    constexpr uint64_t most_weight = 256;
    if (parameter == "backup") {
        backend.keys.flag("backup", true);
    } else if (parameter == "down") {
        backend.keys.text("state", "maintenance");
    } else if (const auto weight = value_of(parameter, "weight")) {
        const uint64_t number = number_of(*weight).value_or(1);
        if (number > most_weight) remarks_.different(server.origin, "weights of Seki end at 256");
        backend.keys.number("weight", std::clamp<uint64_t>(number, 1, most_weight));
    } else if (parameter.starts_with("max_fails=") || parameter.starts_with("fail_timeout=")) {
        remarks_.not_needed(server.origin, "a backend that fails again and again rests by itself, for 1 to 64 s");
    } else if (parameter == "resolve") {
        remarks_.different(server.origin, "names are looked up when Seki reads its file, and by `seki reload`");
    } else if (parameter.starts_with("max_conns=")) {
        remarks_.lost(server.origin, "max_conns: there is no limit of connections to a backend");
    } else if (parameter.starts_with("slow_start=")) {
        remarks_.lost(server.origin, "slow_start: a backend gets its share at once");
    } else if (const auto route = value_of(parameter, "route")) {
        backend.keys.text("sticky_id", *route);
    } else {
        remarks_.lost(server.origin, fmt::format("{}: there is no such thing", parameter));
    }
}

void Clusters::apply_method(Cluster& cluster, const Directive& method) {
    if (method.name == "least_conn") {
        cluster.keys.text("load_balancing", "LEAST_LOADED");
    } else if (method.name == "random") {
        cluster.keys.text("load_balancing", method.argument(0) == "two" ? "POWER_OF_TWO" : "RANDOM");
    } else if (method.name == "sticky" && method.argument(0) == "cookie") {
        cluster.keys.flag("sticky_session", true);
        remarks_.different(method.origin, "the cookie is sticky_name of the listener");
    } else if (method.name == "ip_hash" || method.name == "hash") {
        if (const auto why = config::why_unavailable(config::Feature::balancing_by_hash); !why.empty()) {
            remarks_.lost(method.origin, fmt::format("{}; sticky_session keeps browsers with a backend", why));
        } else {
            cluster.keys.text("load_balancing", "HRW");
        }
    } else {
        remarks_.lost(method.origin, "load_balancing has no such choice");
    }
}

bool Clusters::add_address(Cluster& cluster, const Directive& origin, std::string_view text, uint16_t default_port) {
    Backend backend{.origin = origin.origin, .address = {}, .keys = {}};
    if (text.starts_with("unix:") && text.size() > 5) {
        // Only a name for logs; nobody connects to it.
        backend.address = fmt::format("127.0.0.1:{}", cluster.backends.size() + 1);
        backend.keys.text("unix_path", text.substr(5));
        cluster.backends.push_back(std::move(backend));
        return true;
    }
    const auto named = host_port(text);
    if (!named || named->host.empty() || has_variable(text)) return false;
    const uint16_t port = named->port.value_or(default_port);
    if (port == 0) return false;
    backend.address = address_of(named->host, port);
    if (is_name(named->host) && named->host != "localhost")
        remarks_.different(
            origin.origin,
            fmt::format("'{}' is looked up when Seki reads its file, which is refused if it has no address",
                        named->host));
    cluster.backends.push_back(std::move(backend));
    return true;
}

// nginx believes any certificate unless it is told not to.
void Clusters::secure(Cluster& cluster, const Target& target, const Scope& scope) {
    Keys tls;
    const Directive* verify = scope.find("proxy_ssl_verify");
    const Directive* authorities = scope.find("proxy_ssl_trusted_certificate");
    const bool verifies = verify != nullptr && verify->argument(0) == "on";
    if (!verifies) {
        tls.flag("verify", false);
        remarks_.different(cluster.origin,
                           "as in nginx, any certificate of the backend is taken: remove verify = false");
    } else if (authorities != nullptr) {
        tls.files("ca_certificates", {std::string(authorities->argument(0))});
    }
    const Directive* name = scope.find("proxy_ssl_name");
    const bool sends_name = [&] {
        const Directive* said = scope.find("proxy_ssl_server_name");
        return said != nullptr && said->argument(0) == "on";
    }();
    const auto host = host_port(target.host);
    if (name != nullptr && !has_variable(scope.expand(name->argument(0)))) {
        tls.text("server_name", scope.expand(name->argument(0)));
    } else if (host && is_name(host->host) && !is_upstream(target.host) && (sends_name || verifies)) {
        tls.text("server_name", host->host);
    }
    const Directive* certificate = scope.find("proxy_ssl_certificate");
    const Directive* key = scope.find("proxy_ssl_certificate_key");
    if (certificate != nullptr && key != nullptr) {
        tls.file("certificate", certificate->argument(0));
        tls.file("key", key->argument(0));
    }
    cluster.tls = std::move(tls);
}

}  // namespace seki::convert::nginx
