#include "convert/haproxy/frontends.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <fmt/format.h>

#include "base/ip_address.h"
#include "config/check/available.h"
#include "convert/values.h"

namespace seki::convert::haproxy {
namespace {

constexpr size_t max_ports = 100;  // of one range
constexpr size_t max_list_bytes = 1 << 20U;
// Options of `bind` that take a word, and need nothing here.
constexpr std::array with_word{
    "name",   "id",    "backlog",   "maxconn",         "mode",         "user",         "uid",
    "group",  "gid",   "level",     "process",         "thread",       "shards",       "tcp-ut",
    "mss",    "nice",  "namespace", "severity-output", "ca-sign-file", "ca-sign-pass", "tls-ticket-keys",
    "curves", "ecdhe", "label"};

}  // namespace

void Frontends::add(const Section& section) {
    const Line* mode = section.find("mode");
    const bool tcp = mode == nullptr || mode->word(1) != "http";
    const size_t before = model_.listeners.size();
    std::vector<Place> places;
    const auto take = [&](const Line& line, size_t at) {
        auto found = bind(section, line, at, tcp);
        places.insert(places.end(), found.begin(), found.end());
    };
    if (section.head.word(2).contains(':')) take(section.head, 2);
    for (const Line* line : section.all("bind")) take(*line, 1);
    for (const Place& place : places) {
        if (tcp) {
            add_tcp(section, place);
        } else {
            add_sites(section, place);
        }
    }
    if (tcp) return;
    Rules rules(section, backends_, remarks_);
    for (size_t i = before; i < model_.listeners.size(); ++i) name_cookie(section, rules, model_.listeners[i]);
}

std::vector<Frontends::Place> Frontends::bind(const Section& section, const Line& line, size_t at, bool tcp) {
    const bool both = std::ranges::find(line.words, "v4v6") != line.words.end();
    std::vector<Place> places;
    for (const auto& [host, port] : addresses_of(line, line.word(at), both)) {
        const std::string address = address_of(host, port);
        if (std::ranges::find(model_.listeners, address, &Listener::address) != model_.listeners.end()) {
            remarks_.lost(line.origin, fmt::format("{} is bound a second time", address));
            continue;
        }
        Place place{.address = address, .port = port, .secure = false, .certificates = {}};
        Listener listener{
            .origin = line.origin, .address = address, .protocol = tcp ? Protocol::tcp : Protocol::http, .keys = {}};
        apply_options(line, at + 1, listener, place, tcp);
        if (tcp && place.secure) {
            remarks_.lost(line.origin, "TLS of clients ends at listeners of HTTPS only");
            continue;
        }
        settings(section, listener);
        model_.listeners.push_back(std::move(listener));
        places.push_back(std::move(place));
    }
    return places;
}

std::vector<std::pair<std::string, uint16_t>> Frontends::addresses_of(const Line& line, std::string_view text,
                                                                      bool both_families) {
    std::vector<std::pair<std::string, uint16_t>> found;
    while (!text.empty()) {
        const size_t comma = std::min(text.find(','), text.size());
        std::string_view one = text.substr(0, comma);
        text.remove_prefix(std::min(comma + 1, text.size()));
        for (const std::string_view family : {"ipv4@", "tcp4@", "tcp@"}) {
            if (one.starts_with(family)) one.remove_prefix(family.size());
        }
        bool v6 = false;
        for (const std::string_view family : {"ipv6@", "tcp6@"}) {
            if (!one.starts_with(family)) continue;
            v6 = true;
            one.remove_prefix(family.size());
        }
        const size_t colon = one.rfind(':');
        if (one.find_first_of("@/$") != std::string_view::npos || colon == std::string_view::npos) {
            remarks_.lost(line.origin, fmt::format("'{}': Seki listens on addresses in numbers", one));
            continue;
        }
        std::string host(one.substr(0, colon));
        if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
        if (host.empty() || host == "*") host = v6 ? "::" : "0.0.0.0";
        const std::string_view ports = one.substr(colon + 1);
        const size_t dash = ports.find('-');
        const auto first = number_of(ports.substr(0, dash));
        const auto last = dash == std::string_view::npos ? first : number_of(ports.substr(dash + 1));
        if (!IpAddress::parse(host) || !first || !last || *first == 0 || *last > 65535 || *last < *first ||
            *last - *first >= max_ports) {
            remarks_.lost(line.origin, fmt::format("'{}': Seki listens on addresses in numbers", one));
            continue;
        }
        for (uint64_t port = *first; port <= *last; ++port) {
            found.emplace_back(host, static_cast<uint16_t>(port));
            if (both_families && host == "::") found.emplace_back("0.0.0.0", static_cast<uint16_t>(port));
        }
    }
    return found;
}

void Frontends::apply_options(const Line& line, size_t begin, Listener& listener, Place& place, bool tcp) {
    for (size_t i = begin; i < line.words.size();) i = apply_option(line, i, listener, place);
    if (tcp || !place.secure) return;
    listener.protocol = Protocol::https;
    // Whatever name the handshake was for, requests are for any.
    if (!listener.keys.has("client_auth")) listener.keys.flag("strict_sni_binding", false);
    if (defaults_.only_tls13 && !listener.keys.has("tls_versions")) listener.keys.texts("tls_versions", {"TLS_V13"});
    if (place.certificates.empty()) {
        remarks_.lost(line.origin, "no certificate was found");
        return;
    }
    // One file has both.
    listener.keys.file("certificate", place.certificates.front());
    listener.keys.file("key", place.certificates.front());
    place.certificates.erase(place.certificates.begin());
}

// Where the next one begins.
size_t Frontends::apply_option(const Line& line, size_t at, Listener& listener, Place& place) {
    const std::string_view name = line.words[at];
    const std::string_view value = line.word(at + 1);
    if (name == "ssl") {
        place.secure = true;
        return at + 1;
    }
    if (name == "crt" || name == "crt-list") {
        auto found = certificates_of(line, value);
        place.certificates.insert(place.certificates.end(), found.begin(), found.end());
        return at + 2;
    }
    if (name == "alpn" || name == "npn" || name == "proto") {
        if (value.contains("h2") && !config::why_unavailable(config::Feature::http2).empty())
            remarks_.lost(line.origin, "HTTP/2 is not available yet; clients speak HTTP/1.1");
        return at + 2;
    }
    if (name == "verify") {
        if (value != "none") listener.keys.text_for_files("client_auth", value == "required" ? "required" : "optional");
        return at + 2;
    }
    if (name == "ca-file") {
        const auto folder = std::filesystem::path(value).is_absolute() ? std::string() : defaults_.authority_folder;
        listener.keys.files("client_ca_certificates", {(std::filesystem::path(folder) / value).string()});
        return at + 2;
    }
    if (name == "ssl-min-ver") {
        if (value == "TLSv1.3") listener.keys.texts("tls_versions", {"TLS_V13"});
        return at + 2;
    }
    if (name == "ssl-max-ver") {
        if (value == "TLSv1.2") listener.keys.texts("tls_versions", {"TLS_V12"});
        return at + 2;
    }
    if (name == "no-tlsv13") listener.keys.texts("tls_versions", {"TLS_V12"});
    if (name == "no-tlsv12" || name == "force-tlsv13") listener.keys.texts("tls_versions", {"TLS_V13"});
    if (name == "interface") {
        listener.keys.text("interface", value);
        return at + 2;
    }
    if (name == "accept-proxy" || name == "accept-netscaler-cip") {
        remarks_.lost(line.origin, "the PROXY protocol is not available yet: who sends it here will be refused");
    } else if (name == "strict-sni") {
        remarks_.lost(line.origin, "clients that ask for an unknown name are shown the listener's certificate");
    } else if (name == "ciphers" || name == "ciphersuites" || name == "crl-file" || name == "sigalgs") {
        remarks_.lost(
            line.origin,
            fmt::format("{}: see cipher_list, client_ca_crls and signature_algorithms of the listener", name));
        return at + 2;
    } else if (std::ranges::find(with_word, name) != with_word.end()) {
        return at + 2;
    }
    return at + 1;
}

std::vector<std::string> Frontends::certificates_of(const Line& line, std::string_view path) {
    namespace fs = std::filesystem;
    const fs::path whole =
        fs::path(path).is_absolute() ? fs::path(path) : fs::path(defaults_.certificate_folder) / path;
    std::vector<std::string> found;
    const bool is_list = line.words.size() > 1 && std::ranges::find(line.words, "crt-list") != line.words.end();
    if (is_list) {
        const auto text = files_.read(whole.string(), max_list_bytes);
        for (std::string_view rest = text ? std::string_view(*text) : std::string_view(); !rest.empty();) {
            const size_t end = std::min(rest.find('\n'), rest.size());
            const auto words = words_of(rest.substr(0, end));
            rest.remove_prefix(std::min(end + 1, rest.size()));
            if (!words.empty() && !words.front().starts_with('#'))
                found.push_back((fs::path(words.front()).is_absolute()
                                     ? fs::path(words.front())
                                     : fs::path(defaults_.certificate_folder) / words.front())
                                    .string());
        }
        if (!text) remarks_.lost(line.origin, fmt::format("{} cannot be read", whole.string()));
        return found;
    }
    for (std::string& file : files_.matching((whole / "*").string())) {
        constexpr std::array others{".key", ".ocsp", ".issuer", ".sctl", ".md", ".dh"};
        const bool other = std::ranges::any_of(others, [&](const char* end) { return file.ends_with(end); });
        if (!other) found.push_back(std::move(file));
    }
    if (found.empty()) found.push_back(whole.string());
    return found;
}

void Frontends::settings(const Section& section, Listener& listener) {
    const auto seconds = [&](std::string_view name, std::string_view key) {
        const Line* said = section.find("timeout", name);
        if (said == nullptr) return;
        if (const auto number = seconds_of(said->word(2), 1)) {
            listener.keys.number(key, *number);
        } else {
            remarks_.lost(said->origin, "this is no time");
        }
    };
    seconds("client", "front_timeout");
    if (listener.protocol == Protocol::tcp) return;
    seconds("http-request", "request_timeout");
}

// Certificates beyond the first one stand with frontends, one with each.
void Frontends::add_sites(const Section& section, const Place& place) {
    Rules rules(section, backends_, remarks_);
    std::vector<std::string> certificates = place.certificates;
    for (const std::string& host : rules.hosts()) {
        Site site{.listener = place.address, .host = host, .certificate = {}, .routes = {}};
        site.routes = rules.routes({.host = host, .secure = place.secure, .port = place.port});
        if (!certificates.empty() && !site.routes.empty()) {
            site.certificate.file("certificate", certificates.front());
            site.certificate.file("key", certificates.front());
            certificates.erase(certificates.begin());
        }
        model_.sites.push_back(std::move(site));
    }
    for (const std::string& left : certificates)
        remarks_.lost(section.head.origin, fmt::format("add it with `seki certificate add`: {}", left));
}

void Frontends::add_tcp(const Section& section, const Place& place) {
    const Line* last = section.find("default_backend");
    const Section* backend =
        last != nullptr ? backends_.find(last->word(1)) : (section.kind() == "listen" ? &section : nullptr);
    for (const Line* line : section.all("use_backend"))
        remarks_.lost(line->origin, "connections of TCP are not told apart; all go to the default_backend");
    if (backend == nullptr || !backends_.make(*backend, true, place.port)) {
        remarks_.lost(section.head.origin, "there is no backend for it");
        return;
    }
    Frontend frontend{
        .origin = section.head.origin, .listener = place.address, .cluster = std::string(backend->name()), .keys = {}};
    frontend.keys.text("address", place.address);
    model_.frontends.push_back(std::move(frontend));
}

void Frontends::name_cookie(const Section& section, Rules& rules, Listener& listener) {
    std::string name;
    for (const Section* backend : rules.used()) {
        const std::string its = Backends::sticky_name(*backend);
        if (its.empty() || its == name) continue;
        if (name.empty()) {
            name = its;
        } else {
            remarks_.different(section.head.origin,
                               fmt::format("all sticky cookies of {} are called '{}'", listener.address, name));
        }
    }
    if (!name.empty()) listener.keys.text("sticky_name", name);
}

}  // namespace seki::convert::haproxy
