#include <array>

#include "config/check/available.h"
#include "config/toml/certificate.h"
#include "config/toml/cluster.h"
#include "config/toml/global.h"
#include "config/toml/listener.h"
#include "config/toml/message.h"
#include "config/toml/rule.h"
#include "config/toml/tls.h"

namespace seki::config {
namespace {

using command::Request;
using command::RequestHttpFrontend;

constexpr std::array other_http_keys{"tls_versions", "hsts"};

// In the order of command::ListenerType.
constexpr std::array<std::string_view, 4> protocol_names{"http", "https", "tcp", "udp"};
static_assert(command::HTTP == 0 && command::HTTPS == 1 && command::TCP == 2 && command::UDP == 3);

// The listener at the frontend's address. Without one, a wrong digit in a port would open another port than was meant,
// so one is made only where the file says so.
std::optional<command::ListenerType> listener_for(TableReader& table, Draft& draft,
                                                  const command::SocketAddress& address, command::ListenerType wanted) {
    const Draft::Listener* listener = draft.find_listener(checked_address(address));
    if (listener == nullptr && draft.globals().implicit_listeners) {
        add_default_listener(table, draft, address, wanted);
        return wanted;
    }
    if (listener == nullptr && draft.has_lost_listener()) return {};
    if (listener == nullptr) {
        table.refuse("address",
                     "no listener has this address; [[listeners]] with protocol = \"{}\" and this address adds it, "
                     "implicit_listeners = true at the top of the file adds one for every such frontend",
                     protocol_names.at(wanted));
        return {};
    }
    const bool secured = wanted == command::HTTP && listener->type == command::HTTPS;
    const bool datagrams = wanted == command::TCP && listener->type == command::UDP;
    if (listener->type == wanted || secured || datagrams) return listener->type;
    table.refuse("address", "the listener of line {} is one of {}, not of {}", listener->line,
                 protocol_names.at(listener->type), protocol_names.at(wanted));
    return {};
}

void add_certificate(TableReader& table, Draft& draft, const command::SocketAddress& address,
                     command::CertificateAndKey& certificate) {
    Request request;
    *request.mutable_add_certificate()->mutable_address() = address;
    *request.mutable_add_certificate()->mutable_certificate() = std::move(certificate);
    draft.add_certificate(table, std::move(request));
}

void read_http_frontend(const std::string& cluster_id, TableReader& table, Draft& draft) {
    table.require({"address", "hostname"});
    RequestHttpFrontend frontend = read_rule(table, draft);
    read_fields(table, frontend, {"address", "tags"});
    if (frontend.split().empty()) frontend.set_cluster_id(cluster_id);
    // A certificate of its own makes it a frontend of HTTPS.
    auto certificate = read_certificate(table, draft);
    const bool certified = table.has("certificate");
    if (!table.texts("tls_versions").empty())
        table.warn("tls_versions", "it has no effect: those of the listener count");
    if (auto hsts = table.table("hsts", TableKind::hsts)) read_hsts(*hsts, *frontend.mutable_hsts());
    table.finish();
    if (!frontend.has_address() || !frontend.has_hostname()) return;

    const auto type = listener_for(table, draft, frontend.address(), certified ? command::HTTPS : command::HTTP);
    if (certificate && type == command::HTTPS) add_certificate(table, draft, frontend.address(), *certificate);
    Request request;
    // The rest of the table is judged even if the frontend cannot be.
    const bool secured = type.value_or(certified ? command::HTTPS : command::HTTP) == command::HTTPS;
    (secured ? *request.mutable_add_https_frontend() : *request.mutable_add_http_frontend()) = std::move(frontend);
    type ? draft.add(table, std::move(request)) : draft.judge(table, std::move(request));
}

void read_stream_frontend(const std::string& cluster_id, TableReader& table, Draft& draft) {
    command::RequestTcpFrontend frontend;
    frontend.set_cluster_id(cluster_id);
    table.require({"address"});
    read_fields(table, frontend, {"address", "tags"});
    const auto refuse = [&](std::string_view key) {
        if (table.has(key)) table.refuse(key, "only frontends of http clusters have it");
    };
    wants(table, "hostname", table.has("hostname"), Feature::sni_routing);
    wants(table, "alpn", !table.texts("alpn").empty(), Feature::sni_routing);
    for (const std::string_view key : rule_keys()) {
        if (key != "hostname") refuse(key);
    }
    for (const std::string_view key : certificate_keys) refuse(key);
    for (const std::string_view key : other_http_keys) refuse(key);
    table.finish();
    if (!frontend.has_address()) return;

    const auto type = listener_for(table, draft, frontend.address(), command::TCP);
    Request request;
    *request.mutable_add_tcp_frontend() = std::move(frontend);
    if (!type) return draft.judge(table, std::move(request));
    if (type != command::TCP) return;  // a listener of UDP has been refused as not available
    draft.add(table, std::move(request));
}

}  // namespace

void read_frontend(const std::string& cluster_id, ClusterProtocol protocol, TableReader& table, Draft& draft) {
    if (protocol == ClusterProtocol::http) return read_http_frontend(cluster_id, table, draft);
    read_stream_frontend(cluster_id, table, draft);
}

}  // namespace seki::config
