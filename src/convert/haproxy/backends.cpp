#include "convert/haproxy/backends.h"

#include <algorithm>
#include <array>
#include <fmt/format.h>

#include "base/ip_address.h"
#include "config/check/available.h"
#include "convert/values.h"

namespace seki::convert::haproxy {
namespace {

// Options of servers that take a word, and need nothing here.
constexpr std::array with_word{"inter",
                               "fastinter",
                               "downinter",
                               "rise",
                               "fall",
                               "on-marked-down",
                               "on-marked-up",
                               "observe",
                               "error-limit",
                               "id",
                               "init-addr",
                               "resolvers",
                               "resolve-prefer",
                               "resolve-opts",
                               "pool-max-conn",
                               "pool-purge-delay",
                               "pool-low-conn",
                               "minconn",
                               "maxqueue",
                               "slowstart",
                               "ciphers",
                               "ciphersuites",
                               "alpn",
                               "proto",
                               "port",
                               "addr",
                               "check-sni",
                               "check-alpn",
                               "check-proto",
                               "log-proto",
                               "track",
                               "source",
                               "namespace",
                               "crl-file",
                               "agent-port",
                               "agent-inter",
                               "agent-addr",
                               "agent-send",
                               "ssl-min-ver",
                               "ssl-max-ver",
                               "sigalgs",
                               "max-reuse",
                               "ws",
                               "redir",
                               "tcp-ut",
                               "set-proxy-v2-tlv-fmt"};
// Of these something is lost.
constexpr std::array lost_with_word{"minconn", "slowstart", "track", "source", "redir", "crl-file", "alpn", "proto"};

bool is(std::string_view word, const auto& list) { return std::ranges::find(list, word) != list.end(); }

}  // namespace

const Section* Backends::find(std::string_view name) const {
    const Section* found = nullptr;
    for (const auto& section : sections_) {
        if (section->name() != name) continue;
        if (section->kind() == "backend") return section.get();
        if (section->kind() == "listen") found = section.get();
    }
    return found;
}

bool Backends::make(const Section& section, bool tcp, uint16_t port) {
    const std::string id(section.name());
    if (const Cluster* made = model_.cluster(id)) return !made->backends.empty() && made->tcp == tcp;
    Cluster cluster{
        .origin = section.head.origin, .id = id, .comment = {}, .tcp = tcp, .keys = {}, .tls = {}, .backends = {}};
    settings(section, cluster);
    const auto servers = section.all("server");
    for (const Line* server : servers) add_server(section, *server, cluster, port);
    uint64_t weighted = 0;
    for (const Backend& backend : cluster.backends) weighted += backend.keys.has("weight") ? 1 : 0;
    for (Backend& backend : cluster.backends) {
        if (weighted > 0 && !backend.keys.has("weight")) backend.keys.number("weight", 1);
    }
    if (checked_) check(section, cluster);
    checked_ = false;
    const bool usable = !cluster.backends.empty();
    if (!usable) {
        cluster.comment = "It had no server that Seki could ask: 503.";
        remarks_.lost(section.head.origin, "it has no server that Seki could ask; it answers 503");
    }
    model_.clusters.push_back(std::move(cluster));
    return true;
}

void Backends::settings(const Section& section, Cluster& cluster) {
    for (const auto& [name, key] :
         {std::pair("connect", "connect_timeout"), {"server", "back_timeout"}, {"tunnel", "tunnel_timeout"}}) {
        const Line* said = section.find("timeout", name);
        if (said == nullptr || (cluster.tcp && std::string_view(name) == "tunnel")) continue;
        if (const auto seconds = seconds_of(said->word(2), 1)) {
            cluster.keys.number(key, *seconds);
        } else {
            remarks_.lost(said->origin, "this is no time");
        }
    }
    balance(section, cluster);
    if (!cluster.tcp) sticky(section, cluster);
}

void Backends::balance(const Section& section, Cluster& cluster) {
    const Line* said = section.find("balance");
    if (said == nullptr) return;
    const std::string_view how = said->word(1);
    if (how == "leastconn") {
        cluster.keys.text("load_balancing", "LEAST_LOADED");
    } else if (how.starts_with("random")) {
        cluster.keys.text("load_balancing", "POWER_OF_TWO");
    } else if (how == "first") {
        remarks_.lost(said->origin, "servers are asked in turn; backup = true keeps one for when the others fail");
    } else if (how != "roundrobin" && how != "static-rr") {
        const auto why = config::why_unavailable(config::Feature::balancing_by_hash);
        if (why.empty() && how == "source") {
            cluster.keys.text("load_balancing", "HRW");
        } else {
            remarks_.lost(said->origin, why.empty()
                                            ? "load_balancing has no such choice"
                                            : fmt::format("{}; sticky_session keeps browsers with a backend", why));
        }
    }
}

std::string Backends::sticky_name(const Section& section) {
    const Line* said = section.find("cookie");
    if (said == nullptr || std::ranges::find(said->words, "insert") == said->words.end()) return {};
    return std::string(said->word(1));
}

void Backends::sticky(const Section& section, Cluster& cluster) {
    const Line* said = section.find("cookie");
    if (said == nullptr) return;
    if (sticky_name(section).empty()) {
        remarks_.lost(said->origin, "only cookies that the proxy inserts are converted");
        return;
    }
    cluster.keys.flag("sticky_session", true);
    for (size_t i = 2; i < said->words.size(); ++i) {
        const std::string_view word = said->words[i];
        if (word == "domain" || word == "maxidle" || word == "maxlife" || word == "attr" || word == "dynamic")
            remarks_.lost(said->origin,
                          fmt::format("{}: attributes of the cookie are sticky_cookie of the listener", word));
    }
}

// Once health checks are there, they are converted.
void Backends::check(const Section& section, Cluster& cluster) {
    const Line* asks = section.option("httpchk");
    std::vector<const Line*> more = section.all("http-check");
    for (const Line* each : section.all("tcp-check")) more.push_back(each);
    const auto why = config::why_unavailable(config::Feature::health_checks);
    for (const Line* each : more)
        remarks_.lost(each->origin, why.empty() ? "a check is one request; see health_check" : std::string(why));
    if (asks == nullptr) return;
    if (!why.empty()) {
        remarks_.lost(asks->origin, std::string(why));
        return;
    }
    std::string_view uri = asks->words.size() > 3 ? asks->word(3) : asks->word(2);
    if (!uri.starts_with('/')) uri = "/";
    Keys keys;
    keys.text("uri", uri);
    cluster.keys.table("health_check", keys);
}

void Backends::add_server(const Section& section, const Line& line, Cluster& cluster, uint16_t port) {
    Backend backend{.origin = line.origin, .address = {}, .keys = {}};
    std::string_view text = line.word(2);
    for (const std::string_view family : {"ipv4@", "ipv6@"}) {
        if (text.starts_with(family)) text.remove_prefix(family.size());
    }
    backend.keys.text("backend_id", line.word(1));
    if (text.starts_with('/') || text.starts_with("unix@") || text.starts_with("abns@")) {
        // Only a name for logs; nobody connects to it.
        backend.address = fmt::format("127.0.0.1:{}", cluster.backends.size() + 1);
        backend.keys.text("unix_path", text.starts_with("abns@")
                                           ? "@" + std::string(text.substr(5))
                                           : std::string(text.substr(text.starts_with('/') ? 0 : 5)));
    } else {
        const auto named = host_port(text);
        if (!named || named->host.empty() || text.find_first_of("$@") != std::string_view::npos) {
            remarks_.lost(line.origin, "this is no address of a backend");
            return;
        }
        if (!named->port && port == 0) {
            remarks_.lost(line.origin, "backends have a port");
            return;
        }
        if (!named->port) remarks_.different(line.origin, fmt::format("its port is {}, as that of the listener", port));
        if (!IpAddress::parse(named->host) && named->host != "localhost")
            remarks_.different(
                line.origin,
                fmt::format("'{}' is looked up when Seki reads its file, which is refused if it has no address",
                            named->host));
        backend.address = address_of(named->host, named->port.value_or(port));
    }
    for (const Section* each : {section.defaults, &section}) {
        if (each == nullptr) continue;
        for (const Line* defaults : each->all("default-server")) apply_options(*defaults, 1, cluster, backend);
    }
    apply_options(line, 3, cluster, backend);
    cluster.backends.push_back(std::move(backend));
}

void Backends::apply_options(const Line& line, size_t begin, Cluster& cluster, Backend& backend) {
    for (size_t i = begin; i < line.words.size();) i = apply_option(line, i, cluster, backend);
}

// Where the next one begins.
size_t Backends::apply_option(const Line& line, size_t at, Cluster& cluster, Backend& backend) {
    constexpr uint64_t most_weight = 256;
    const std::string_view name = line.words[at];
    const std::string_view value = line.word(at + 1);
    if (name == "weight") {
        const uint64_t weight = number_of(value).value_or(1);
        if (weight == 0) {
            backend.keys.text("state", "drain");
        } else {
            backend.keys.number("weight", std::min(weight, most_weight));
        }
        return at + 2;
    }
    if (name == "cookie") {
        if (!cluster.tcp) backend.keys.text("sticky_id", value);
        return at + 2;
    }
    if (name == "backup") {
        backend.keys.flag("backup", true);
    } else if (name == "disabled") {
        backend.keys.text("state", "maintenance");
    } else if (name == "check" || name == "agent-check") {
        checked_ = true;
        if (const auto why = config::why_unavailable(config::Feature::health_checks); !why.empty())
            remarks_.lost(line.origin, fmt::format("{}: {}", name, why));
    } else if (name.starts_with("send-proxy")) {
        remarks_.lost(line.origin,
                      "the PROXY protocol is not available yet: a server that waits for it will refuse Seki");
    } else if (name == "ssl") {
        secure(line, cluster, at);
    } else if (name == "maxconn") {
        remarks_.lost(line.origin, "maxconn: there is no limit of connections to a backend");
        return at + 2;
    } else if (name == "verify" || name == "ca-file" || name == "sni" || name == "verifyhost" || name == "crt") {
        return at + 2;
    } else if (is(name, with_word)) {
        if (is(name, lost_with_word)) remarks_.lost(line.origin, fmt::format("{}: there is no such thing", name));
        return at + 2;
    } else if (!name.starts_with("no-") && name != "allow-0rtt" && name != "check-ssl" && name != "enabled" &&
               name != "check-send-proxy" && name != "tfo" && name != "force-tlsv12" && name != "force-tlsv13" &&
               name != "non-stick" && name != "stick" && name != "check-via-socks4") {
        remarks_.lost(line.origin, fmt::format("{}: there is no such thing", name));
    }
    return at + 1;
}

void Backends::secure(const Line& line, Cluster& cluster, size_t at) {
    Keys tls;
    const auto value_of = [&](std::string_view name) -> std::string_view {
        for (size_t i = at; i + 1 < line.words.size(); ++i) {
            if (line.words[i] == name) return line.words[i + 1];
        }
        return {};
    };
    if (value_of("verify") == "none") {
        tls.flag("verify", false);
    } else if (const auto authorities = value_of("ca-file"); !authorities.empty() && !authorities.starts_with('@')) {
        tls.files("ca_certificates", {std::string(authorities)});
    }
    std::string_view name = value_of("verifyhost");
    const std::string_view sni = value_of("sni");
    if (name.empty() && sni.starts_with("str(") && sni.ends_with(')')) name = sni.substr(4, sni.size() - 5);
    if (!name.empty()) {
        tls.text("server_name", name);
    } else if (!sni.empty()) {
        remarks_.lost(line.origin, "sni: the name is fixed, server_name of [clusters.NAME.tls]");
    }
    if (const auto certificate = value_of("crt"); !certificate.empty()) {
        tls.file("certificate", certificate);
        tls.file("key", certificate);
    }
    if (cluster.tls && cluster.tls->lines(Keys::Show::all) != tls.lines(Keys::Show::all))
        remarks_.different(line.origin, "all backends of a cluster have the same TLS");
    cluster.tls = std::move(tls);
}

}  // namespace seki::convert::haproxy
