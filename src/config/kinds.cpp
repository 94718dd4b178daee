#include "config/kinds.h"

#include <algorithm>
#include <array>

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

command::AddCertificate addition_of(const command::ReplaceCertificate& replaced) {
    command::AddCertificate added;
    *added.mutable_address() = replaced.address();
    *added.mutable_certificate() = replaced.new_certificate();
    if (replaced.has_new_expired_at()) added.set_expired_at(replaced.new_expired_at());
    return added;
}

RouteKey route_key(const command::RequestHttpFrontend& frontend) {
    return {frontend.hostname(),    checked_address(frontend.address()),
            frontend.path().kind(), frontend.path().value(),
            frontend.method(),      conditions(frontend)};
}

namespace {

constexpr auto key_fields =
    std::to_array<std::string_view>({"address", "hostname", "path", "method", "match_headers", "match_cookies",
                                     "match_query", "source_allow", "source_deny", "header_predicates"});

// Of a frontend or of its update.
template <typename Named>
command::RequestHttpFrontend identity_of(const Named& named) {
    command::RequestHttpFrontend identity;
    *identity.mutable_address() = named.address();
    identity.set_hostname(named.hostname());
    *identity.mutable_path() = named.path();
    if (named.has_method()) identity.set_method(named.method());
    *identity.mutable_match_headers() = named.match_headers();
    *identity.mutable_match_cookies() = named.match_cookies();
    *identity.mutable_match_query() = named.match_query();
    *identity.mutable_source_allow() = named.source_allow();
    *identity.mutable_source_deny() = named.source_deny();
    *identity.mutable_header_predicates() = named.header_predicates();
    return identity;
}

}  // namespace

command::RequestHttpFrontend route_identity(const command::RequestHttpFrontend& frontend) {
    command::RequestHttpFrontend identity = identity_of(frontend);
    identity.set_position(frontend.position());
    return identity;
}

command::RequestHttpFrontend route_identity(const command::UpdateHttpFrontend& update) { return identity_of(update); }

bool is_setting_of_route(std::string_view field) {
    const auto* known = command::RequestHttpFrontend::descriptor()->FindFieldByName(std::string(field));
    return known != nullptr && std::ranges::find(key_fields, field) == key_fields.end();
}

}  // namespace seki::config
