#include "convert/redirect.h"

#include <algorithm>
#include <string>

#include "convert/values.h"

namespace seki::convert {
namespace {

std::optional<std::string_view> name_of(uint64_t status) {
    switch (status) {
        case 301:
            return "permanent";
        case 302:
            return "found";
        case 307:
            return "temporary_redirect";
        case 308:
            return "permanent_redirect";
        default:
            return {};
    }
}

bool take(std::string_view& text, std::string_view begin) {
    if (!text.starts_with(begin)) return false;
    text.remove_prefix(begin.size());
    return true;
}

// Path and query; empty where they are those of the request.
std::optional<std::string> path_of(std::string_view text) {
    if (text.empty()) return "/";
    if (text == "$request_uri" || text == "$uri" || text == "$uri$is_args$args" || text == "$uri?$args") return "";
    for (const std::string_view whole : {"$request_uri", "$uri$is_args$args", "$uri"}) {
        if (!text.ends_with(whole)) continue;
        const std::string_view before = text.substr(0, text.size() - whole.size());
        if (!before.starts_with('/') || before.contains('$')) return {};
        return std::string(before) + "$PATH[0]";
    }
    if (!text.starts_with('/') || text.contains('$')) return {};
    return std::string(text);
}

// The host that is named, if it is not that of the request.
bool put_authority(std::string_view text, const Arrival& arrival, bool secure, Keys& keys) {
    uint16_t port = secure ? 443 : 80;
    std::string host(text);
    if (text == "$http_host") return true;
    if (text == "$server_name") host = arrival.name;
    if (host.starts_with("$host")) {
        const auto named = host_port("h" + host.substr(5));
        if (!named || named->host != "h") return false;
        if (named->port) port = *named->port;
    } else {
        const auto named = host_port(host);
        if (!named || named->host.empty() || named->host.contains('$')) return false;
        if (named->port) port = *named->port;
        keys.text("rewrite_host", named->host);
    }
    const bool same_scheme = secure == arrival.secure;
    const uint16_t otherwise = same_scheme ? arrival.port : (secure ? 443 : 80);
    if (port != otherwise) keys.number("rewrite_port", port);
    return true;
}

}  // namespace

std::optional<Keys> redirect_keys(uint64_t status, std::string_view location, const Arrival& arrival) {
    const auto kind = name_of(status);
    if (!kind) return {};
    Keys keys;
    keys.text("redirect", *kind);
    std::string_view rest = location;
    bool secure = arrival.secure;
    bool absolute = true;
    if (take(rest, "https://")) {
        secure = true;
    } else if (take(rest, "http://")) {
        secure = false;
    } else {
        absolute = take(rest, "$scheme://");
    }
    if (secure != arrival.secure) keys.text("redirect_scheme", secure ? "use-https" : "use-http");
    if (absolute) {
        const size_t end = std::min({rest.find('/'), rest.find("$request_uri"), rest.find("$uri"), rest.size()});
        if (!put_authority(rest.substr(0, end), arrival, secure, keys)) return {};
        rest.remove_prefix(end);
    }
    const auto path = path_of(rest);
    if (!path) return {};
    if (!path->empty()) keys.text("rewrite_path", *path);
    return keys;
}

}  // namespace seki::convert
