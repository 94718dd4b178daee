#include "config/kinds.h"

#include "config/conditions.h"

namespace seki::config {

std::string RouteKey::text() const {
    char kind = 'P';
    if (path_kind == command::REGEX) kind = 'R';
    if (path_kind == command::EQUALS) kind = '=';
    std::string text = fmt::format("{};{};{}{}", address.text(), hostname, kind, path);
    if (!method.empty()) text += ';' + method;
    for (const std::string& condition : conditions) text += ';' + condition;
    return text;
}

RouteKey route_key(const command::RequestHttpFrontend& frontend) {
    return {frontend.hostname(),    checked_address(frontend.address()),
            frontend.path().kind(), frontend.path().value(),
            frontend.method(),      conditions(frontend)};
}

command::RequestHttpFrontend route_identity(const command::RequestHttpFrontend& frontend) {
    command::RequestHttpFrontend identity;
    *identity.mutable_address() = frontend.address();
    identity.set_hostname(frontend.hostname());
    *identity.mutable_path() = frontend.path();
    if (frontend.has_method()) identity.set_method(frontend.method());
    identity.set_position(frontend.position());
    *identity.mutable_match_headers() = frontend.match_headers();
    *identity.mutable_match_cookies() = frontend.match_cookies();
    *identity.mutable_match_query() = frontend.match_query();
    *identity.mutable_source_allow() = frontend.source_allow();
    *identity.mutable_source_deny() = frontend.source_deny();
    return identity;
}

}  // namespace seki::config
