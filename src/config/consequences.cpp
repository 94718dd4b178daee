#include "config/consequences.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/counted.h"
#include "config/certificate_consequences.h"
#include "config/suggestion.h"
#include "observe/log.h"

namespace seki::config {
namespace {

using command::Request;
using command::RequestHttpFrontend;

constexpr const char* no_https = "there is no HTTPS listener: clients are sent to where nobody serves them";

// ---- what is there

bool has_https(const State& state) { return !state.table<HttpsListeners>().entries().empty(); }

template <typename... Kinds>
size_t count_of(const State& state, const std::string& cluster_id) {
    size_t count = 0;
    const auto one_more = [&](const auto&, const auto&) { ++count; };
    (state.table<Kinds>().for_each_of(cluster_id, one_more), ...);
    return count;
}

size_t frontends_of(const State& state, const std::string& cluster_id) {
    return count_of<HttpFrontends, HttpsFrontends, TcpFrontends, UdpFrontends>(state, cluster_id);
}

// Whether requests go to its backends, not all of them elsewhere.
template <typename Kind>
bool forwards(const State& state, const std::string& cluster_id) {
    bool forwards = false;
    state.table<Kind>().for_each_of(cluster_id, [&](const auto&, const RequestHttpFrontend& frontend) {
        forwards |= frontend.redirect() == command::FORWARD;
    });
    return forwards;
}

bool needs_backends(const State& state, const std::string& cluster_id) {
    if (count_of<TcpFrontends, UdpFrontends>(state, cluster_id) > 0) return true;
    if (forwards<HttpsFrontends>(state, cluster_id)) return true;
    const auto* cluster = state.table<Clusters>().find(cluster_id);
    if (cluster != nullptr && cluster->https_redirect()) return false;
    return forwards<HttpFrontends>(state, cluster_id);
}

template <typename Predicate>
const command::AddBackend* find_backend(const State& state, const std::string& cluster_id, Predicate predicate) {
    const command::AddBackend* found = nullptr;
    state.table<Backends>().for_each_of(cluster_id, [&](const BackendKey& key, const command::AddBackend& backend) {
        if (found == nullptr && predicate(key, backend)) found = &backend;
    });
    return found;
}

template <typename... Kinds>
bool any_at(const State& state, const SocketAddress& address) {
    return ((state.table<Kinds>().find(address) != nullptr) || ...);
}

// Whether a frontend of the cluster is where its own backend is. Few backends are on any listener at all.
bool leads_back(const State& state, const std::string& cluster_id, const SocketAddress& backend) {
    bool found = false;
    if (!any_at<HttpListeners, HttpsListeners, TcpListeners>(state, backend)) return found;
    const auto look = [&](const auto&, const auto& frontend) {
        found |= checked_address(frontend.address()) == backend;
    };
    state.table<HttpFrontends>().for_each_of(cluster_id, look);
    state.table<HttpsFrontends>().for_each_of(cluster_id, look);
    state.table<TcpFrontends>().for_each_of(cluster_id, look);
    return found;
}

size_t frontends_at(const State& state, const SocketAddress& address) {
    const auto routes = [&]<typename Kind>(const Table<Kind>& table) {
        return std::ranges::count(table.entries(), address, [](const auto& entry) { return entry.first.address; });
    };
    return static_cast<size_t>(routes(state.table<HttpFrontends>()) + routes(state.table<HttpsFrontends>())) +
           (any_at<TcpFrontends, UdpFrontends>(state, address) ? 1 : 0);
}

template <typename... Kinds>
bool any_is_active(const State& state) {
    const auto active = [](const auto& entry) { return entry.second.active(); };
    return (std::ranges::any_of(state.table<Kinds>().entries(), active) || ...);
}

bool anybody_listens(const State& state) {
    return any_is_active<HttpListeners, HttpsListeners, TcpListeners, UdpListeners>(state);
}

void add_loop(const std::string& cluster_id, const SocketAddress& address, Findings& findings) {
    findings.add("address", "cluster '{}' has a frontend and a backend on {}: requests come back without end",
                 cluster_id, address.text());
}

// ---- clusters

void of_cluster(const State& state, const command::Cluster& cluster, Findings& findings) {
    if (cluster.https_redirect() && !has_https(state)) {
        findings.add("https_redirect", "{}", no_https);
    }
    size_t guarded = 0;
    const auto look = [&](const auto&, const auto& frontend) { guarded += frontend.required_auth() ? 1 : 0; };
    state.table<HttpFrontends>().for_each_of(cluster.cluster_id(), look);
    state.table<HttpsFrontends>().for_each_of(cluster.cluster_id(), look);
    if (guarded == 0 || !cluster.authorized_hashes().empty()) return;
    findings.add("authorized_hashes",
                 "the cluster has no users, but {} with required_auth: every request there gets 401",
                 counted(guarded, "frontend"));
}

// All else has gone with it.
void of_cluster_removal(const State& state, const std::string& cluster_id, Findings& findings) {
    const size_t frontends = frontends_of(state, cluster_id);
    if (frontends == 0) return;
    findings.add("", "left behind: {} that would send a part of {} clients to '{}'", counted(frontends, "frontend"),
                 frontends == 1 ? "its" : "their", cluster_id);
}

// ---- backends

// Somebody may have been taken out of service.
void of_backends(const State& state, const std::string& cluster_id, Findings& findings) {
    const std::string why = why_cluster_is_not_served(state, cluster_id);
    if (!why.empty()) findings.add("", "{}", why);
}

void of_backend(const State& state, const command::AddBackend& backend, Findings& findings) {
    const std::string& cluster_id = backend.cluster_id();
    if (state.table<Clusters>().find(cluster_id) == nullptr) {
        const bool led_to = frontends_of(state, cluster_id) > 0;
        findings.add("cluster_id", "there is no cluster '{}'{}{}", cluster_id,
                     led_to ? ": the backend serves with default settings"
                            : " and no frontend leads to it: the backend gets no clients",
                     did_you_mean_cluster(state, cluster_id));
    }
    const BackendKey mine = Backends::key(backend);
    const auto* twin = find_backend(state, cluster_id, [&](const BackendKey& other, const command::AddBackend& there) {
        const bool same_server = other.address == mine.address && there.unix_path() == backend.unix_path();
        return same_server && other.backend_id != mine.backend_id;
    });
    if (twin != nullptr) {
        findings.add("address", "backend '{}' of the cluster has the same address: the server gets the share of both",
                     twin->backend_id());
    }
    if (!backend.has_unix_path() && leads_back(state, cluster_id, mine.address))
        add_loop(cluster_id, mine.address, findings);
    of_backends(state, cluster_id, findings);
}

// ---- frontends

template <typename Listeners>
void of_place(const State& state, const SocketAddress& address, Findings& findings) {
    const auto* listener = state.table<Listeners>().find(address);
    if (listener != nullptr && listener->active()) return;
    findings.add("address", "{}: nobody can reach the frontend",
                 listener == nullptr ? fmt::format("there is no listener on {}", address.text())
                                     : fmt::format("the listener on {} is not active", address.text()));
}

void of_target(const State& state, const std::string& cluster_id, const SocketAddress& address, Findings& findings) {
    if (state.table<Clusters>().find(cluster_id) == nullptr) {
        const bool served = state.table<Backends>().has_any_of(cluster_id);
        findings.add("cluster_id", "there is no cluster '{}': {}{}", cluster_id,
                     served ? "its backends serve with default settings" : "its clients cannot be served",
                     did_you_mean_cluster(state, cluster_id));
    }
    const auto is_here = [&](const BackendKey& key, const command::AddBackend& backend) {
        return key.address == address && !backend.has_unix_path();
    };
    if (find_backend(state, cluster_id, is_here) != nullptr) add_loop(cluster_id, address, findings);
}

template <typename Listeners>
void of_route(const State& state, const RequestHttpFrontend& frontend, Findings& findings) {
    const SocketAddress address = checked_address(frontend.address());
    of_place<Listeners>(state, address, findings);
    if constexpr (Listeners::type == command::HTTPS) of_secured_host(state, frontend, findings);
    for_each_owner<HttpFrontends>(frontend, [&](const std::string& cluster_id) {
        of_target(state, cluster_id, address, findings);
        const auto* cluster = state.table<Clusters>().find(cluster_id);
        const bool knows_nobody = cluster == nullptr || cluster->authorized_hashes().empty();
        if (frontend.required_auth() && knows_nobody) {
            findings.add("required_auth", "cluster '{}' has no users: every request to it gets 401", cluster_id);
        }
    });
    const bool redirects = frontend.redirect() != command::FORWARD && frontend.redirect() != command::UNAUTHORIZED &&
                           frontend.redirect() != command::SILENT_CLOSE;
    const bool stays = frontend.rewrite_host().empty();  // another host may be another server
    if (redirects && stays && frontend.redirect_scheme() == command::USE_HTTPS && !has_https(state)) {
        findings.add("redirect_scheme", "{}", no_https);
    }
}

void of_tunnel(const State& state, const command::RequestTcpFrontend& frontend, Findings& findings) {
    const SocketAddress address = checked_address(frontend.address());
    of_place<TcpListeners>(state, address, findings);
    of_target(state, frontend.cluster_id(), address, findings);
}

// ---- listeners

void of_last_listener(const State& state, Findings& findings) {
    if (!anybody_listens(state)) findings.add("", "no listener is active any more: nothing is served");
}

void of_listener_removal(const State& state, const SocketAddress& address, Findings& findings) {
    const size_t frontends = frontends_at(state, address);
    if (frontends > 0) {
        findings.add("address", "left behind: {} on {}, for a listener to come", counted(frontends, "frontend"),
                     address.text());
    }
    of_certificates_left(state, address, findings);
    of_last_listener(state, findings);
}

void of_filter(std::string_view filter, Findings& findings) {
    const std::string why = why_filter_is_odd(filter);
    if (!why.empty()) findings.add("Logging", "{}", why);
}

}  // namespace

std::vector<Consequence> consequences(const State& state, const Request& change, int64_t now_s) {
    Findings findings;
    switch (change.request_type_case()) {
        case Request::kAddCluster:
            of_cluster(state, change.add_cluster(), findings);
            break;
        case Request::kRemoveCluster:
            of_cluster_removal(state, change.remove_cluster(), findings);
            break;
        case Request::kAddBackend:
            of_backend(state, change.add_backend(), findings);
            break;
        case Request::kRemoveBackend:
            of_backends(state, change.remove_backend().cluster_id(), findings);
            break;
        case Request::kSetBackendState:
            of_backends(state, change.set_backend_state().cluster_id(), findings);
            break;
        case Request::kAddHttpFrontend:
            of_route<HttpListeners>(state, change.add_http_frontend(), findings);
            break;
        case Request::kAddHttpsFrontend:
            of_route<HttpsListeners>(state, change.add_https_frontend(), findings);
            break;
        case Request::kUpdateHttpFrontend:
            if (const auto* now = state.table<HttpFrontends>().find(HttpFrontends::key(change.update_http_frontend())))
                of_route<HttpListeners>(state, *now, findings);
            break;
        case Request::kUpdateHttpsFrontend:
            if (const auto* now =
                    state.table<HttpsFrontends>().find(HttpsFrontends::key(change.update_https_frontend())))
                of_route<HttpsListeners>(state, *now, findings);
            break;
        case Request::kAddCertificate:
            of_certificate(state, Certificates::key(change.add_certificate()), now_s, findings);
            break;
        case Request::kReplaceCertificate:
            of_certificate(state, new_key(change.replace_certificate()), now_s, findings);
            break;
        case Request::kRemoveCertificate:
            of_listener_certificates(state, checked_address(change.remove_certificate().address()), findings);
            break;
        case Request::kActivateListener:
            if (change.activate_listener().proxy() == command::HTTPS)
                of_listener_certificates(state, checked_address(change.activate_listener().address()), findings);
            break;
        case Request::kAddHttpsListener:
            of_revocations(state, checked_address(change.add_https_listener().address()), now_s, findings);
            break;
        case Request::kUpdateHttpsListener:
            if (change.update_https_listener().has_client_auth_policy())
                of_revocations(state, checked_address(change.update_https_listener().address()), now_s, findings);
            break;
        case Request::kAddTcpFrontend:
            of_tunnel(state, change.add_tcp_frontend(), findings);
            break;
        case Request::kRemoveListener:
            of_listener_removal(state, checked_address(change.remove_listener().address()), findings);
            break;
        case Request::kDeactivateListener:
            of_last_listener(state, findings);
            break;
        case Request::kLogging:
            of_filter(change.logging(), findings);
            break;
        default:
            break;
    }
    return findings.take();
}

std::string why_filter_is_odd(std::string_view filter) {
    const std::vector<std::string> unknown = observe::LogFilter::unknown_modules(filter);
    if (unknown.empty()) return {};
    return fmt::format("nobody writes lines as '{}'; the modules are {}", fmt::join(unknown, "', '"),
                       fmt::join(observe::module_names, ", "));
}

std::string why_nothing_is_served(const State& state) {
    if (!anybody_listens(state)) return "no listener is active: nothing is served";
    const bool routed =
        !state.table<HttpFrontends>().entries().empty() || !state.table<HttpsFrontends>().entries().empty() ||
        !state.table<TcpFrontends>().entries().empty() || !state.table<UdpFrontends>().entries().empty();
    return routed ? "" : "there is no frontend: nothing is served";
}

std::string why_cluster_is_not_served(const State& state, const std::string& cluster_id) {
    const auto ready = [](const auto&, const auto& backend) { return backend.state() == command::READY; };
    if (find_backend(state, cluster_id, ready) != nullptr || !needs_backends(state, cluster_id)) return {};
    return state.table<Backends>().has_any_of(cluster_id)
               ? fmt::format("no backend of cluster '{}' is ready: new clients cannot be served", cluster_id)
               : fmt::format("cluster '{}' has no backends: its clients cannot be served", cluster_id);
}

}  // namespace seki::config
