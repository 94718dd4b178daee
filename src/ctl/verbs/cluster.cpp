#include <algorithm>

#include "config/check/credential.h"
#include "ctl/verbs/verbs.h"

namespace seki::ctl {
namespace {

constexpr int max_port = 65'535;

void id_option(Verb& verb, const std::string& path) { verb.value("-i,--id", path, "Id of the cluster").required(); }

Result<> read_credentials(command::Request& request, const std::vector<std::string>& values) {
    for (const std::string& value : values) {
        const std::string_view why = config::why_no_credential(value);
        if (!why.empty()) return failure("'{}' is no USER:HASH: {}", value, why);
        request.mutable_add_cluster()->add_authorized_hashes(value);
    }
    return {};
}

// Sending and expecting the header at once is relaying it.
Result<> choose_proxy_protocol(command::Request& request, const Verb& verb) {
    const bool send = verb.given("--send-proxy");
    const bool expect = verb.given("--expect-proxy");
    if (!send && !expect) return {};
    const auto one = send ? command::SEND_HEADER : command::EXPECT_HEADER;
    request.mutable_add_cluster()->set_proxy_protocol(send && expect ? command::RELAY_HEADER : one);
    return {};
}

Result<> nothing(command::Request&, const std::vector<std::string>&) { return {}; }

void limit_options(Verb& add) {
    add.value("--max-connections-per-ip", "max_connections_per_ip",
              "Connections that one source may have; 0 = no limit; without it, that of connection-limit");
    add.value("--max-connections-per-subnet", "max_connections_per_subnet",
              "Likewise all sources of one network; without it, that of subnet-connection-limit");
    add.value("--max-connection-attempts", "max_connection_attempts",
              "Attempts at backends for one request; without it, as many as connection-attempts says")
        .within(1, 255);
    add.value("--retry-after", "retry_after", "Seconds in Retry-After of a 429; 0 = left out");
    const Option rate =
        add.value("--rate-limit", "rate_limit.requests_per_second", "Requests in a second that one source may make");
    add.value("--rate-limit-burst", "rate_limit.burst", "How many of them at once; without it, as many as in a second")
        .needs(rate);
    add.value("--front-timeout", "front_timeout", "Seconds that a client may be silent; without it, the listener's");
    add.value("--back-timeout", "back_timeout", "Seconds that a backend may be silent; without it, the listener's");
    add.value("--connect-timeout", "connect_timeout", "Seconds to connect to a backend; without it, the listener's");
    add.value("--tunnel-timeout", "tunnel_timeout",
              "Seconds that an upgraded connection may be silent; without it, the listener's");
}

void add_add(Family& cluster) {
    Verb& add = cluster.verb("add", "add_cluster {}", "Create a cluster, or replace its settings");
    id_option(add, "cluster_id");
    add.value("--load-balancing-policy", "load_balancing", "How a backend is chosen").required().default_text("");
    add.flag("-s,--sticky-session", "sticky_session", "Bind a client to the backend that answered it first");
    add.flag("-r,--https-redirect", "https_redirect", "Answer plain HTTP with a redirect to HTTPS");
    add.value("--https-redirect-port", "https_redirect_port", "Port in that redirect").within(1, max_port);
    add.sign("--send-proxy", "Begin connections to backends with a PROXY header", nothing);
    add.sign("--expect-proxy", "Clients begin with a PROXY header; with --send-proxy, it is relayed", nothing);
    add.flag("--http2", "http2", "Speak HTTP/2 to the backends");
    add.value("--www-authenticate", "www_authenticate", "Value of WWW-Authenticate in answers with 401: Basic realm=…");
    add.option("--authorized-hash", "USER:HASH", "Accept this user; may be repeated", read_credentials).repeatable();
    add.value("--backend-reuse", "backend_reuse",
              "What may go over idle connections to backends that other clients used; without it, what is safe");
    answers_option(add);
    limit_options(add);
    backend_tls_options(add);
    add.finish(choose_proxy_protocol);
}

Result<> read_domain(command::Request& request, const std::vector<std::string>& values) {
    const std::string& domain = values.front();
    const size_t slash = domain.find('/');
    auto& query = *request.mutable_query_clusters_by_domain();
    query.set_hostname(domain.substr(0, slash));
    if (slash != std::string::npos) query.set_path(domain.substr(slash));
    return {};
}

void add_list(Family& cluster) {
    Verb& list = cluster.verb("list", "query_clusters_hashes {}",
                              "Compare the clusters of all processes; with an option, show the settings of some");
    const Option id =
        list.option("-i,--id", "ID", "Only the cluster of this id", [](command::Request& request, const auto& values) {
            request.set_query_cluster_by_id(values.front());
            return Result<>{};
        });
    list.option("-d,--domain", "HOST[/PATH]", "Only clusters with a frontend for this host name, and path", read_domain)
        .excludes(id);
}

void add_http2_switch(Family& cluster) {
    Family h2 = cluster.family("h2", "HTTP/2 to the backends of a cluster");
    for (const bool on : {true, false}) {
        Verb& verb = h2.verb(on ? "enable" : "disable", R"(query_cluster_by_id: "")",
                             on ? "Speak HTTP/2 to the backends" : "Speak HTTP/1.1 to the backends");
        id_option(verb, "");
        verb.becomes([on](const command::Request& request, const Verb&) -> Action {
            return EditCluster{request.query_cluster_by_id(), [on](command::Cluster& known) { known.set_http2(on); }};
        });
    }
}

void add_attempts_switch(Family& cluster) {
    Family attempts = cluster.family("connection-attempts", "Attempts at a cluster's backends for one request");
    Verb& set = attempts.verb("set", R"(add_cluster {})", "Set how many there may be");
    id_option(set, "cluster_id");
    set.value("limit", "max_connection_attempts", "Connections that are tried, the first one included")
        .within(1, 255)
        .required();
    set.becomes([](const command::Request& request, const Verb&) -> Action {
        return EditCluster{request.add_cluster().cluster_id(),
                           [limit = request.add_cluster().max_connection_attempts()](command::Cluster& known) {
                               known.set_max_connection_attempts(limit);
                           }};
    });
    Verb& unset = attempts.verb("unset", R"(add_cluster {})", "As many as connection-attempts says");
    id_option(unset, "cluster_id");
    unset.becomes([](const command::Request& request, const Verb&) -> Action {
        return EditCluster{request.add_cluster().cluster_id(),
                           [](command::Cluster& known) { known.clear_max_connection_attempts(); }};
    });
}

Result<> check_health_check(command::Request& request, const Verb&) {
    const command::HealthCheckConfig& config = request.set_health_check().config();
    if (!config.uri().starts_with('/')) return failure("--uri: '{}' does not begin with '/'", config.uri());
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\t'; };
    if (std::ranges::any_of(config.uri(), is_control)) return failure("--uri: contains a control character");
    return {};
}

void add_health_check(Family& cluster) {
    Family health = cluster.family("health-check", "Active health checks of a cluster's backends");
    Verb& set = health.verb("set", "set_health_check { config {} }", "Check the backends by a request of our own");
    id_option(set, "cluster_id");
    set.value("-u,--uri", "config.uri", "Path to ask for; begins with '/'").required();
    const auto positive = [&set](const char* name, const char* path, const char* help) {
        set.value(name, path, help).within(1U, UINT32_MAX);
    };
    positive("--interval", "config.interval", "Seconds from check to check");
    positive("--timeout", "config.timeout", "Seconds until a check without an answer failed");
    positive("--healthy-threshold", "config.healthy_threshold", "Good answers in a row until a backend is used again");
    positive("--unhealthy-threshold", "config.unhealthy_threshold", "Failures in a row until it is not used any more");
    set.value("--expected-status", "config.expected_status", "Status code of a good answer; 0 = any 2xx");
    set.finish(check_health_check);

    Verb& remove = health.verb("remove", R"(remove_health_check: "")", "Stop checking the backends of a cluster");
    id_option(remove, "");
    Verb& list = health.verb("list", "query_health_checks {}", "Show health checks");
    list.value("-i,--id", "cluster_id", "Only those of this cluster");
}

}  // namespace

void add_cluster_verbs(Family& root) {
    Family cluster = root.family("cluster", "Groups of backends that serve the same");
    add_list(cluster);
    add_add(cluster);
    Verb& remove = cluster.verb("remove", R"(remove_cluster: "")", "Remove a cluster");
    id_option(remove, "");
    Verb& tags = cluster.verb("tags", R"(query_cluster_by_id: "")", "Show the tags of a cluster's frontends");
    id_option(tags, "");
    tags.becomes([](const command::Request& request, const Verb&) -> Action { return ShowTags{request}; });
    Verb& close =
        cluster.verb("close-sessions", "close_sessions {}",
                     "Close the connections of clients: idle ones and tunnels now, others after their request");
    id_option(close, "cluster_id");
    close.value("--backend-id", "backend_id", "Only those at this backend");
    close.value("-a,--address", "address", "Only those at the backend of this address");
    add_http2_switch(cluster);
    add_attempts_switch(cluster);
    add_health_check(cluster);
}

}  // namespace seki::ctl
