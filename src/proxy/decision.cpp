#include "proxy/decision.h"

#include <array>

#include "base/ascii.h"
#include "routing/path.h"

namespace seki::proxy {

namespace {

Reply redirect(const Route& route, const RoutedRequest& request, http::Scheme scheme, const char* message,
               AddedFields& texts) {
    const auto location = redirect_location(route, request, scheme, texts);
    if (!location) return Reply{400, "the redirect leads to no valid address"};
    const Frontend& frontend = *route.frontend;
    return Reply{.status = frontend.redirect_status,
                 .message = message,
                 .location = *location,
                 .custom = frontend.redirect_template.get()};
}

// A certificate of the host, whichever way that is written. Who names no host speaks to whom the handshake named.
bool was_shown(const tls::ConnectionInfo& secured, std::string_view host) {
    constexpr size_t longest = 255;  // RFC 1035 §2.3.4
    if (host.ends_with('.')) host.remove_suffix(1);
    if (host.starts_with('[') && host.ends_with(']')) host = host.substr(1, host.size() - 2);
    if (host.empty()) return true;
    std::array<char, longest> lower;
    if (host.size() > lower.size()) return false;
    write_lower(host, lower.data());
    return tls::covers(*secured.certificate, {lower.data(), host.size()});
}

}  // namespace

std::optional<Reply> unservable(const Listener& listener, const tls::ConnectionInfo* secured,
                                const http::RequestHead& head) {
    if (head.method == http::Method::connect) return Reply{405, "CONNECT is not served"};
    // RFC 9110 §7.4: who is misdirected may ask again on another connection.
    if (listener.strict_sni_binding && secured != nullptr && !was_shown(*secured, head.host))
        return Reply{421, "no certificate for this host was shown to the client"};
    if (listener.refuses_ambiguous_paths && routing::ambiguous_path(head.path)) return Reply{400, "ambiguous path"};
    const uint64_t max_body = listener.max_body_bytes;
    if (max_body > 0 && head.body.length > max_body) {
        return Reply{.status = 413, .message = "request body too large", .capacity = max_body};
    }
    return std::nullopt;
}

Decision decide(const Route& route, const RoutedRequest& request, AddedFields& texts) {
    const Frontend& frontend = *route.frontend;
    if (frontend.outcome == Frontend::Outcome::silence) return {.silence = true};
    if (frontend.outcome == Frontend::Outcome::redirect) {
        const http::Scheme scheme = frontend.redirect_scheme.value_or(request.scheme);
        return {.reply = redirect(route, request, scheme, "redirected", texts)};
    }
    if (frontend.outcome == Frontend::Outcome::deny) {
        return {.reply = Reply{.status = frontend.redirect_status,
                               .message = "frontend denies",
                               .custom = frontend.redirect_template.get()}};
    }
    if (route.cluster == nullptr) return {.reply = Reply{401, "frontend denies"}};
    const ClusterPolicy* const policy = route.policy.get();
    if (frontend.auth_required && policy == nullptr) return {.reply = Reply{401, "the cluster has no users"}};
    Decision decision{.needs_user = frontend.auth_required};
    if (policy != nullptr && policy->https_redirect && request.scheme != http::Scheme::https)
        decision.reply = redirect(route, request, http::Scheme::https, "redirected to https", texts);
    return decision;
}

}  // namespace seki::proxy
