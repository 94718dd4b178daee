#include "convert/nginx/servers.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>
#include <set>

#include "base/ip_address.h"
#include "config/check/available.h"
#include "config/text.h"
#include "convert/expression.h"
#include "convert/nginx/routes.h"
#include "convert/values.h"

namespace seki::convert::nginx {
namespace {

constexpr std::string_view no_h2 = "HTTP/2 is not available yet; clients speak HTTP/1.1";

bool says_on(const Scope& scope, std::string_view name) {
    const Directive* said = scope.find(name);
    return said != nullptr && said->argument(0) == "on";
}

// "80", "*:80", "192.0.2.1", "[::]:443" as an address; nothing for anything else.
std::optional<std::pair<std::string, uint16_t>> place_of(std::string_view text) {
    if (const auto port = number_of(text); port && *port > 0 && *port <= 65535)
        return std::pair(std::string("0.0.0.0"), static_cast<uint16_t>(*port));
    const auto named = host_port(text);
    if (!named) return {};
    std::string host = named->host == "*" ? "0.0.0.0" : named->host;
    if (host == "localhost") host = "127.0.0.1";
    if (!IpAddress::parse(host)) return {};
    return std::pair(host, named->port.value_or(80));
}

}  // namespace

void Servers::add(const Server& server) {
    const auto said = server.scope->all_own("listen");
    for (const Directive* each : said) listen(server, each);
    if (said.empty()) listen(server, nullptr);
}

Address& Servers::at(const std::string& text, uint16_t port, const Origin& origin) {
    const auto found = std::ranges::find(addresses_, text, &Address::text);
    if (found != addresses_.end()) return *found;
    return addresses_.emplace_back(
        Address{.origin = origin, .text = text, .port = port, .secure = false, .servers = {}, .default_server = 0});
}

void Servers::listen(const Server& server, const Directive* said) {
    const std::string_view text = said == nullptr ? std::string_view("80") : said->argument(0);
    const auto place = place_of(text);
    if (!place) {
        remarks_.lost(said->origin, "Seki listens on addresses in numbers");
        return;
    }
    if (said != nullptr && std::ranges::find(said->arguments, "quic") != said->arguments.end()) {
        remarks_.lost(said->origin, "HTTP/3 is not available");
        return;
    }
    listen_at(server, said, place->first, place->second);
    const bool both = said != nullptr && std::ranges::find(said->arguments, "ipv6only=off") != said->arguments.end();
    if (both && place->first == "::") listen_at(server, said, "0.0.0.0", place->second);
}

void Servers::listen_at(const Server& server, const Directive* said, const std::string& host, uint16_t port) {
    Address& address = at(address_of(host, port), port, said == nullptr ? server.directive->origin : said->origin);
    const auto same = [&](const Server& other) { return other.directive == server.directive; };
    if (std::ranges::none_of(address.servers, same)) address.servers.push_back(server);
    for (size_t i = 1; said != nullptr && i < said->arguments.size(); ++i)
        apply_option(address, address.servers.size() - 1, *said, said->arguments[i]);
    if (says_on(*server.scope, "ssl")) address.secure = true;
}

void Servers::apply_option(Address& address, size_t server, const Directive& said, std::string_view option) {
    if (option == "ssl") {
        address.secure = true;
    } else if (option == "default_server" || option == "default") {
        address.default_server = server;
    } else if (option == "http2" || option == "spdy") {
        if (!config::why_unavailable(config::Feature::http2).empty()) remarks_.lost(said.origin, std::string(no_h2));
    } else if (option == "proxy_protocol") {
        remarks_.lost(said.origin, "the PROXY protocol is not available yet: who sends it here will be refused");
    } else {
        remarks_.not_needed(said.origin, fmt::format("{}: Seki sets its sockets up by itself", option));
    }
}

void Servers::finish() {
    for (const Address& address : addresses_) {
        make_listener(address);
        make_sites(address);
    }
}

void Servers::make_listener(const Address& address) {
    Listener listener{.origin = address.origin, .address = address.text, .protocol = {}, .keys = {}};
    listener.protocol = address.secure ? Protocol::https : Protocol::http;
    if (address.secure) secure(listener, address);
    // Whatever name the handshake was for, requests are for any.
    if (address.secure && !listener.keys.has("client_auth")) listener.keys.flag("strict_sni_binding", false);
    limit(listener, address);
    model_.listeners.push_back(std::move(listener));
}

Keys Servers::certificate_of(const Server& server) {
    Keys keys;
    const auto certificates = server.scope->all("ssl_certificate");
    const auto secrets = server.scope->all("ssl_certificate_key");
    if (certificates.empty() || secrets.empty()) return keys;
    if (certificates.size() > 1 || secrets.size() > 1)
        remarks_.lost(certificates.back()->origin,
                      "one certificate of each server is converted; add others by "
                      "`seki certificate add`");
    const auto& [file, key] = std::pair(certificates.front(), secrets.front());
    if (has_variable(file->argument(0)) || file->argument(0).starts_with("data:")) {
        remarks_.lost(file->origin, "certificates are files with fixed names");
        return keys;
    }
    keys.file("certificate", file->argument(0));
    keys.file("key", key->argument(0));
    return keys;
}

void Servers::secure(Listener& listener, const Address& address) {
    const Server& first = address.servers[address.default_server];
    listener.keys.add(certificate_of(first));
    if (!listener.keys.has("certificate"))
        remarks_.lost(first.directive->origin, "there is no certificate for who asks for no name, or an unknown one");
    if (const Directive* said = first.scope->find("ssl_protocols")) {
        const auto has = [said](std::string_view version) {
            return std::ranges::find(said->arguments, version) != said->arguments.end();
        };
        if (has("TLSv1.3") != has("TLSv1.2"))
            listener.keys.texts("tls_versions", {has("TLSv1.3") ? "TLS_V13" : "TLS_V12"});
        if (has("TLSv1") || has("TLSv1.1")) remarks_.lost(said->origin, "TLS 1.0 and 1.1 are not spoken");
    }
    for (const Server& server : address.servers) {
        const Directive* verify = server.scope->find("ssl_verify_client");
        const Directive* authorities = server.scope->find("ssl_client_certificate");
        if (verify == nullptr || authorities == nullptr || verify->argument(0) == "off") continue;
        listener.keys.text_for_files("client_auth", verify->argument(0) == "on" ? "required" : "optional");
        listener.keys.files("client_ca_certificates", {std::string(authorities->argument(0))});
        if (address.servers.size() > 1)
            remarks_.different(verify->origin, "certificates of clients are asked for by all servers of the address");
    }
}

// What Seki has for listeners, and nginx for servers and locations.
void Servers::limit(Listener& listener, const Address& address) {
    constexpr uint64_t default_body = 1 << 20U;
    uint64_t most = 0;
    bool unlimited = false;
    std::set<uint64_t> sizes;
    uint32_t silence = 0;
    const auto look = [&](const Scope& scope) {
        const Directive* said = scope.find("client_max_body_size");
        const uint64_t size = said == nullptr ? default_body : bytes_of(said->argument(0)).value_or(default_body);
        sizes.insert(size);
        unlimited |= size == 0;
        most = std::max(most, size);
        if (said != nullptr && sizes.size() > 1)
            remarks_.different(said->origin, "max_body_bytes is one for the listener: the largest");
    };
    for (const Server& server : address.servers) {
        look(*server.scope);
        const auto locations = [&](auto&& self, const Scope& around) -> void {
            for (const Directive& each : around.block()) {
                if (each.name != "location") continue;
                const Scope scope(each.block, &around);
                if (scope.own("client_max_body_size") != nullptr) look(scope);
                for (const Directive* sent : scope.all("proxy_set_header")) {
                    if (config::lower_case(sent->argument(0)) == "x-real-ip")
                        listener.keys.flag("send_x_real_ip", true);
                }
                self(self, scope);
            }
        };
        locations(locations, *server.scope);
        for (const char* name : {"client_body_timeout", "send_timeout", "keepalive_timeout"}) {
            const Directive* said = server.scope->find(name);
            const auto seconds = said == nullptr ? std::nullopt : seconds_of(said->argument(0), 1000);
            silence = std::max(silence, seconds.value_or(0));
        }
        if (const Directive* said = server.scope->find("client_header_timeout")) {
            if (const auto seconds = seconds_of(said->argument(0), 1000))
                listener.keys.number("request_timeout", *seconds);
        }
    }
    if (silence > 0) listener.keys.number("front_timeout", silence);
    if (!unlimited) listener.keys.number("max_body_bytes", most);
}

std::vector<std::string> Servers::patterns_of(const Directive& said, std::string_view name) {
    if (name == "_" || name.empty() || name == "\"\"" || name == "$hostname") return {};
    if (name.starts_with('~')) {
        auto pattern = host_pattern(name.substr(1));
        if (!pattern) {
            remarks_.lost(said.origin, fmt::format("{}: {}; requests for it go where unknown hosts go", name,
                                                   pattern.error().message));
            return {};
        }
        remarks_.different(said.origin,
                           fmt::format("{}: each part between dots is one label, and of several expressions "
                                       "the longest goes first",
                                       name));
        return {*pattern};
    }
    constexpr std::string_view one_label = "a '*' is for exactly one label";
    if (name.starts_with('.')) {
        remarks_.different(said.origin, std::string(one_label));
        return {std::string(name.substr(1)), "*" + std::string(name)};
    }
    if (name.contains('*')) remarks_.different(said.origin, std::string(one_label));
    if (name.ends_with(".*")) return {std::string(name.substr(0, name.size() - 1)) + "/[^.]+/"};
    return {std::string(name)};
}

void Servers::make_sites(const Address& address) {
    std::set<std::string> taken;
    for (size_t i = 0; i < address.servers.size(); ++i) {
        const Server& server = address.servers[i];
        Keys certificate = address.secure && i != address.default_server ? certificate_of(server) : Keys();
        for (const Directive* said : server.scope->all_own("server_name")) {
            for (const std::string& name : said->arguments) {
                for (const std::string& host : patterns_of(*said, name)) {
                    if (!taken.insert(config::lower_case(host)).second) {
                        remarks_.not_needed(said->origin,
                                            fmt::format("{}: an earlier server has it on {}", name, address.text));
                        continue;
                    }
                    add_site(address, server, host, certificate);
                    certificate = {};
                }
            }
        }
    }
    add_site(address, address.servers[address.default_server], "*", {});
}

void Servers::add_site(const Address& address, const Server& server, const std::string& host, const Keys& certificate) {
    std::string first;
    if (const Directive* said = server.scope->own("server_name")) first = said->argument(0);
    std::vector<std::string> names;
    for (const Directive* said : server.scope->all_own("server_name")) {
        for (const std::string& name : said->arguments) names.push_back(config::lower_case(name));
    }
    const Place place{
        .host = host, .secure = address.secure, .port = address.port, .first_name = first, .names = names};
    Site site{.listener = address.text, .host = host, .certificate = certificate, .routes = {}};
    site.routes = Routes(clusters_, remarks_, *server.scope, place).take();
    if (site.routes.empty() && host != "*") {
        // Who asks for this name is not to be served by another one.
        Route& route = site.routes.emplace_back();
        route.origin = server.directive->origin;
        route.cluster = Model::unconverted;
        remarks_.lost(server.directive->origin, "Seki serves no files; it answers 503 for these names");
    }
    model_.sites.push_back(std::move(site));
}

}  // namespace seki::convert::nginx
