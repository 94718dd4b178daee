#include "config/toml/cluster.h"

#include <array>
#include <map>
#include <utility>

#include "config/limits.h"
#include "config/toml/answers.h"
#include "config/toml/certificate.h"
#include "config/toml/message.h"

namespace seki::config {
namespace {

using command::Request;

constexpr std::array protocols{
    Choice{"http", std::to_underlying(ClusterProtocol::http)},
    Choice{"tcp", std::to_underlying(ClusterProtocol::tcp)},
};

constexpr std::array http_keys{"sticky_session",    "https_redirect",   "https_redirect_port", "http2",
                               "authorized_hashes", "www_authenticate", "tunnel_timeout"};
// Each is read in a way of its own.
constexpr std::array other_http_keys{"answers", "answer_503", "backend_reuse"};

constexpr std::array backend_reuses{
    Choice{"safe", command::SAFE},
    Choice{"always", command::ALWAYS},
    Choice{"never", command::NEVER},
};

constexpr std::array backend_states{
    Choice{"ready", command::READY},
    Choice{"drain", command::DRAIN},
    Choice{"maintenance", command::MAINTENANCE},
};

void read_health_check(TableReader& table, command::HealthCheckConfig& health_check) {
    read_fields(table, health_check,
                {"uri", "interval", "timeout", "healthy_threshold", "unhealthy_threshold", "expected_status"});
    table.require({"uri"});
    table.finish();
}

void read_udp(TableReader& table, command::UdpClusterConfig& udp) {
    read_fields(table, udp,
                {"affinity_key", "responses", "requests", "send_proxy_protocol", "proxy_protocol_every_datagram"});
    if (auto health = table.table("health", TableKind::udp_health)) {
        udp.mutable_health()->set_mode(command::TCP_PROBE);
        read_fields(*health, *udp.mutable_health(),
                    {"mode", "tcp_port", "rise", "fall", "fail_open", "udp_probe_payload", "probe_interval_seconds",
                     "probe_timeout_seconds"});
        health->finish();
    }
    table.finish();
}

// Whether the cluster's frontends stand on listeners that expect a PROXY header; a cluster cannot mix them.
bool expects_proxy(std::vector<TableReader>& frontends, const Draft& draft) {
    const Draft::Listener* first = nullptr;
    for (TableReader& frontend : frontends) {
        const auto address = frontend.address("address");
        const Draft::Listener* listener = address ? draft.find_listener(checked_address(*address)) : nullptr;
        if (listener == nullptr) continue;
        if (first == nullptr) first = listener;
        if (listener->expect_proxy != first->expect_proxy) {
            frontend.refuse("address", "the listeners of one cluster must all expect a PROXY header or none of them");
        }
    }
    return first != nullptr && first->expect_proxy;
}

void read_proxy_protocol(TableReader& table, command::Cluster& cluster, bool expect) {
    const bool send = table.flag("send_proxy").value_or(false);
    if (send) {
        cluster.set_proxy_protocol(expect ? command::RELAY_HEADER : command::SEND_HEADER);
    } else if (expect) {
        cluster.set_proxy_protocol(command::EXPECT_HEADER);
    }
}

void read_backend_tls(TableReader& table, const Draft& draft, command::BackendTls& tls) {
    read_fields(table, tls, {"verify", "pinned_keys", "server_name", "alpn_protocols"});
    const std::vector<std::string> authorities = table.texts("ca_certificates");
    read_pem_files(table, draft, "ca_certificates", authorities, *tls.mutable_ca_certificates());
    if (auto certificate = read_identity(table, draft)) {
        tls.set_certificate(certificate->certificate());
        *tls.mutable_certificate_chain() = certificate->certificate_chain();
        tls.set_key(certificate->key());
    }
    table.finish();
}

void read_rate_limit(TableReader& table, command::RateLimit& limit) {
    table.require({"requests_per_second"});
    read_fields(table, limit, {"requests_per_second", "burst"});
    table.finish();
}

void read_http_keys(TableReader& table, command::Cluster& cluster, const ReadFile& read_file) {
    for (const std::string_view key : http_keys) read_field(table, cluster, key);
    if (const auto reuse = table.choice("backend_reuse", backend_reuses, true)) {
        cluster.set_backend_reuse(static_cast<command::BackendReuse>(*reuse));
    }
    read_answers(table, read_file, *cluster.mutable_answers());
    if (auto answer = read_answer_file(table, read_file, "answer_503")) cluster.set_answer_503(std::move(*answer));
}

void no_http_keys(TableReader& table) {
    const auto no_effect = [&](std::string_view key) {
        if (table.has(key)) table.warn(key, "it has no effect: only http clusters have it");
    };
    for (const std::string_view key : http_keys) no_effect(key);
    for (const std::string_view key : other_http_keys) no_effect(key);
}

void read_protocol_keys(TableReader& table, command::Cluster& cluster, ClusterProtocol protocol, bool expect,
                        const ReadFile& read_file) {
    if (protocol == ClusterProtocol::http) {
        read_http_keys(table, cluster, read_file);
        if (table.flag("send_proxy")) table.warn("send_proxy", "it has no effect: only tcp clusters have it");
        return;
    }
    no_http_keys(table);
    read_proxy_protocol(table, cluster, expect);
}

command::Cluster read_own_keys(const std::string& cluster_id, TableReader& table, ClusterProtocol protocol, bool expect,
                               const Draft& draft) {
    command::Cluster cluster;
    cluster.set_cluster_id(cluster_id);
    read_protocol_keys(table, cluster, protocol, expect, draft.read_file());
    read_fields(table, cluster,
                {"load_balancing", "load_metric", "max_connections_per_ip", "max_connections_per_subnet",
                 "max_connection_attempts", "retry_after", "front_timeout", "back_timeout", "connect_timeout"});
    if (auto limit = table.table("rate_limit", TableKind::rate_limit)) {
        read_rate_limit(*limit, *cluster.mutable_rate_limit());
    }
    if (auto health_check = table.table("health_check", TableKind::health_check)) {
        read_health_check(*health_check, *cluster.mutable_health_check());
    }
    if (auto tls = table.table("tls", TableKind::backend_tls)) read_backend_tls(*tls, draft, *cluster.mutable_tls());
    if (auto udp = table.table("udp", TableKind::udp)) read_udp(*udp, *cluster.mutable_udp());
    return cluster;
}

// Sōzu's versions read a weight of 0 in three ways; whoever writes it means that the backend gets nothing.
int32_t read_weight(TableReader& table) {
    const auto weight =
        table.number("weight", 1, max_weight, R"(a backend without traffic has state = "drain" or "maintenance")");
    return static_cast<int32_t>(weight.value_or(default_weight));
}

class BackendList {
public:
    BackendList(const std::string& cluster_id, Draft& draft) : cluster_id_(cluster_id), draft_(draft) {}

    void read(TableReader& table, size_t index) {
        command::AddBackend backend;
        backend.set_cluster_id(cluster_id_);
        table.require({"address"});
        const auto host = table.host_address("address");
        if (!host) read_fields(table, backend, {"address"});
        read_fields(table, backend, {"backend_id", "unix_path", "sticky_id", "backup"});
        backend.mutable_load_balancing_parameters()->set_weight(read_weight(table));
        if (const auto state = table.choice("state", backend_states, true)) {
            backend.set_state(static_cast<command::BackendState>(*state));
        }
        table.finish();
        if (host) return add_host(table, *host, backend);
        if (!backend.has_address()) return;
        if (!backend.has_backend_id()) backend.set_backend_id(default_id(index, checked_address(backend.address())));
        add(table, std::move(backend));
    }

private:
    void add(TableReader& table, command::AddBackend backend) {
        const auto [first, is_new] =
            known_.emplace(std::pair(backend.backend_id(), checked_address(backend.address())), table.where().line);
        if (!is_new) {
            table.warn("address", "the same backend is there already, in line {}; the later one counts", first->second);
        }
        Request request;
        *request.mutable_add_backend() = std::move(backend);
        draft_.add(table, std::move(request));
    }

    // One for each address of the host. They are told apart by it, also where clients are bound to one.
    void add_host(TableReader& table, const HostAddress& host, const command::AddBackend& of_host) {
        if (of_host.has_unix_path()) {
            return table.refuse("address", "'{}' is a name, and unix_path has no address to be looked up", host.host);
        }
        const auto& addresses = draft_.addresses_of(host.host);
        if (!addresses) return table.refuse("address", "cannot resolve '{}': {}", host.host, addresses.error().message);
        for (const IpAddress& ip : *addresses) {
            const SocketAddress address(ip, host.port);
            command::AddBackend backend = of_host;
            *backend.mutable_address() = to_wire(address);
            const std::string id = of_host.has_backend_id()
                                       ? of_host.backend_id()
                                       : fmt::format("{}-{}:{}", cluster_id_, host.host, host.port);
            backend.set_backend_id(fmt::format("{}-{}", id, address.text()));
            if (of_host.has_sticky_id())
                backend.set_sticky_id(fmt::format("{}-{}", of_host.sticky_id(), address.text()));
            add(table, std::move(backend));
        }
    }

    [[nodiscard]] std::string default_id(size_t index, const SocketAddress& address) const {
        return fmt::format("{}-{}-{}", cluster_id_, index, address.text());
    }

    const std::string& cluster_id_;
    Draft& draft_;
    std::map<std::pair<std::string, SocketAddress>, uint32_t> known_;  // with the line of the first one
};

}  // namespace

void read_cluster(const std::string& cluster_id, TableReader& table, Draft& draft) {
    table.require({"protocol"});
    const auto choice = table.choice("protocol", protocols);
    // Whatever a cluster of unknown protocol has is judged like one of HTTP, the protocol with all the keys.
    const auto protocol = static_cast<ClusterProtocol>(choice.value_or(std::to_underlying(ClusterProtocol::http)));

    std::vector<TableReader> frontends = table.tables("frontends", TableKind::frontend);
    std::vector<TableReader> backends = table.tables("backends", TableKind::backend);
    const bool expect = protocol == ClusterProtocol::tcp && expects_proxy(frontends, draft);

    Request request;
    *request.mutable_add_cluster() = read_own_keys(cluster_id, table, protocol, expect, draft);
    table.finish();
    draft.add(table, std::move(request), {{"proxy_protocol", "send_proxy"}});

    if (choice) {
        for (TableReader& frontend : frontends) read_frontend(cluster_id, protocol, frontend, draft);
    }
    BackendList list(cluster_id, draft);
    for (size_t i = 0; i < backends.size(); ++i) list.read(backends[i], i);
}

}  // namespace seki::config
