#include <array>

#include "config/available.h"
#include "config/toml_cluster.h"
#include "config/toml_global.h"
#include "config/toml_listener.h"
#include "config/toml_message.h"

namespace seki::config {
namespace {

using command::Request;
using command::RequestHttpFrontend;

// The protocol knows two more, which the file of Sōzu does not.
constexpr std::array redirects{
    Choice{"forward", command::FORWARD},
    Choice{"permanent", command::PERMANENT},
    Choice{"unauthorized", command::UNAUTHORIZED},
};

constexpr std::array redirect_schemes{
    Choice{"use-same", command::USE_SAME},
    Choice{"use-http", command::USE_HTTP},
    Choice{"use-https", command::USE_HTTPS},
};

constexpr std::array path_types{
    Choice{"PREFIX", command::PREFIX},
    Choice{"REGEX", command::REGEX},
    Choice{"EQUALS", command::EQUALS},
};

constexpr std::array header_positions{
    Choice{"request", command::REQUEST},
    Choice{"response", command::RESPONSE},
    Choice{"both", command::BOTH},
};

constexpr std::array certificate_keys{"certificate", "certificate_chain", "key", "tls_versions"};

constexpr std::array http_keys{"hostname",     "path",         "path_type",         "method",
                               "position",     "redirect",     "redirect_scheme",   "rewrite_host",
                               "rewrite_path", "rewrite_port", "redirect_template", "required_auth",
                               "headers",      "hsts"};

std::string_view protocol_name(command::ListenerType type) {
    switch (type) {
        case command::HTTP:
            return "http";
        case command::HTTPS:
            return "https";
        case command::TCP:
            return "tcp";
        case command::UDP:
            return "udp";
    }
    return {};
}

void read_path(TableReader& table, command::PathRule& path) {
    path.set_kind(static_cast<command::PathRuleKind>(table.choice("path_type", path_types).value_or(command::PREFIX)));
    path.set_value(table.text("path").value_or(""));
}

void read_redirect(TableReader& table, RequestHttpFrontend& frontend) {
    if (const auto redirect = table.choice("redirect", redirects, true)) {
        frontend.set_redirect(static_cast<command::RedirectPolicy>(*redirect));
    }
    if (const auto scheme = table.choice("redirect_scheme", redirect_schemes, true)) {
        frontend.set_redirect_scheme(static_cast<command::RedirectScheme>(*scheme));
    }
    read_fields(table, frontend,
                {"redirect_template", "rewrite_host", "rewrite_path", "rewrite_port", "required_auth"});
}

void read_headers(TableReader& table, RequestHttpFrontend& frontend) {
    for (TableReader& header : table.tables("headers", TableKind::header)) {
        for (const std::string_view key : {"position", "key", "value"}) {
            if (!header.has(key)) header.missing(key);
        }
        command::Header& edit = *frontend.add_headers();
        const auto position = header.choice("position", header_positions, true);
        edit.set_position(static_cast<command::HeaderPosition>(position.value_or(command::BOTH)));
        edit.set_key(header.text("key").value_or(""));
        edit.set_val(header.text("value").value_or(""));
        header.finish();
    }
}

// Whether the frontend brings its own certificate, which makes it one of HTTPS.
bool read_certificate(TableReader& table) {
    for (const std::string_view key : {"certificate", "key"}) {
        wants(table, key, table.text(key).has_value(), Feature::certificates);
    }
    for (const std::string_view key : {"certificate_chain", "tls_versions"}) {
        wants(table, key, table.has(key), Feature::certificates);
    }
    return table.has("certificate") && table.has("key");
}

// The listener at the frontend's address, made if there is none; an error when it speaks another protocol.
std::optional<command::ListenerType> listener_for(TableReader& table, Draft& draft,
                                                  const command::SocketAddress& address, command::ListenerType wanted) {
    const Draft::Listener* listener = draft.find_listener(checked_address(address));
    if (listener == nullptr) {
        add_default_listener(table, draft, address, wanted);
        return wanted;
    }
    const bool secured = wanted == command::HTTP && listener->type == command::HTTPS;
    const bool datagrams = wanted == command::TCP && listener->type == command::UDP;
    if (listener->type == wanted || secured || datagrams) return listener->type;
    table.refuse("address", "the listener of line {} is one of {}, not of {}", listener->line,
                 protocol_name(listener->type), protocol_name(wanted));
    return {};
}

void read_http_frontend(const std::string& cluster_id, TableReader& table, Draft& draft) {
    RequestHttpFrontend frontend;
    frontend.set_cluster_id(cluster_id);
    for (const std::string_view key : {"address", "hostname"}) {
        if (!table.has(key)) table.missing(key);
    }
    read_fields(table, frontend, {"address", "hostname", "method", "position", "tags"});
    read_path(table, *frontend.mutable_path());
    read_redirect(table, frontend);
    read_headers(table, frontend);
    const bool certified = read_certificate(table);
    if (auto hsts = table.table("hsts", TableKind::hsts)) read_hsts(*hsts, *frontend.mutable_hsts());
    table.finish();
    if (!frontend.has_address() || !frontend.has_hostname()) return;

    const auto type = listener_for(table, draft, frontend.address(), certified ? command::HTTPS : command::HTTP);
    if (!type) return;
    Request request;
    if (*type == command::HTTP) {
        *request.mutable_add_http_frontend() = std::move(frontend);
    } else {
        // The listener or the certificate has been refused already.
        if (!why_unavailable(Feature::https).empty()) return;
        *request.mutable_add_https_frontend() = std::move(frontend);
    }
    draft.add(table, std::move(request));
}

void read_stream_frontend(const std::string& cluster_id, TableReader& table, Draft& draft) {
    command::RequestTcpFrontend frontend;
    frontend.set_cluster_id(cluster_id);
    if (!table.has("address")) table.missing("address");
    read_fields(table, frontend, {"address", "tags"});
    for (const std::string_view key : http_keys) {
        if (table.has(key)) table.refuse(key, "only frontends of http clusters have it");
    }
    for (const std::string_view key : certificate_keys) {
        if (table.has(key)) table.refuse(key, "only frontends of http clusters have it");
    }
    table.finish();
    if (!frontend.has_address()) return;

    const auto type = listener_for(table, draft, frontend.address(), command::TCP);
    if (!type) return;
    Request request;
    if (*type == command::TCP) {
        *request.mutable_add_tcp_frontend() = std::move(frontend);
    } else {
        if (!why_unavailable(Feature::udp).empty()) return;  // the listener has been refused already
        request.mutable_add_udp_frontend()->set_cluster_id(cluster_id);
        *request.mutable_add_udp_frontend()->mutable_address() = frontend.address();
        *request.mutable_add_udp_frontend()->mutable_tags() = frontend.tags();
    }
    draft.add(table, std::move(request));
}

}  // namespace

void read_frontend(const std::string& cluster_id, ClusterProtocol protocol, TableReader& table, Draft& draft) {
    if (protocol == ClusterProtocol::http) return read_http_frontend(cluster_id, table, draft);
    read_stream_frontend(cluster_id, table, draft);
}

}  // namespace seki::config
