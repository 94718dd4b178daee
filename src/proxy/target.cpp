#include "proxy/target.h"

#include <fmt/format.h>

#include "http/host.h"
#include "proxy/rewrite.h"

namespace seki::proxy {

namespace {

struct Target {
    std::string_view host;
    std::string_view path;
};

// Host and path as they are to be; nothing when what a client sent makes them invalid.
std::optional<Target> target_of(const Frontend& frontend, const RoutedRequest& request, AddedFields& texts) {
    Target target{request.head.host, request.head.path};
    if (frontend.rewrite_host.empty() && frontend.rewrite_path.empty()) return target;
    routing::Captures captures;
    routing::Router<FrontendPtr>::captures(request.match, request.asked, captures);
    if (!frontend.rewrite_host.empty()) {
        target.host = frontend.rewrite_host.render(captures, texts);
        const auto parsed = http::parse_authority(target.host);
        if (!parsed || parsed->host.size() != target.host.size()) return std::nullopt;
    }
    if (!frontend.rewrite_path.empty()) {
        target.path = frontend.rewrite_path.render(captures, texts);
        if (!valid_path(target.path)) return std::nullopt;
    }
    return target;
}

std::string_view with_port(std::string_view host, uint16_t port, AddedFields& texts) {
    if (port == 0 || host.empty()) return host;  // HTTP/1.0 may have none
    const fmt::format_int digits(port);
    return texts.store({host, ":", {digits.data(), digits.size()}});
}

}  // namespace

std::optional<std::string_view> redirect_location(const Route& route, const RoutedRequest& request, http::Scheme scheme,
                                                  AddedFields& texts) {
    const Frontend& frontend = *route.frontend;
    const auto target = target_of(frontend, request, texts);
    if (!target) return std::nullopt;
    const bool changes = scheme != request.scheme;
    uint16_t port = changes ? 0 : request.head.port;
    if (changes && scheme == http::Scheme::https && route.policy != nullptr) port = route.policy->https_redirect_port;
    if (frontend.rewrite_port != 0) port = frontend.rewrite_port;
    if (port == http::default_port(scheme)) port = 0;
    // A path alone leads to the same place again, and one that begins with "//" to a host of the client's choice
    // (RFC 3986 §4.2).
    if (target->host.empty()) return std::nullopt;
    const std::string_view authority = with_port(target->host, port, texts);
    const std::string_view path = target->path.starts_with('/') ? target->path : "/";
    const std::string_view location = texts.store({http::name_of(scheme), "://", authority, path});
    if (texts.overflow()) return std::nullopt;
    return location;
}

bool rewrite_target(const Route& route, const RoutedRequest& request, bool tell_host, AddedFields& added) {
    const Frontend& frontend = *route.frontend;
    http::RequestHead& head = request.head;
    const auto target = target_of(frontend, request, added);
    if (!target) return false;
    head.path = target->path;
    if (frontend.rewrite_host.empty() && frontend.rewrite_port == 0) return true;
    const http::Field* told = head.fields.find(http::FieldId::x_forwarded_host);
    if (tell_host && told == nullptr && !head.authority.empty()) added.push("X-Forwarded-Host", head.authority);
    const uint16_t port = frontend.rewrite_port != 0 ? frontend.rewrite_port : head.port;
    set_authority(head, with_port(target->host, port, added));
    return true;
}

void set_authority(http::RequestHead& head, std::string_view authority) {
    head.authority = authority;
    for (http::Field& field : head.fields.all()) field.dropped |= field.id == http::FieldId::host;
}

}  // namespace seki::proxy
