#pragma once

// What is answered to a request in place of a backend, as far as the configuration says it. Pure: what has to be asked
// of others, passwords and the limits of a source, is only named here, and asked by the exchange. The order is that in
// which Sōzu asks:
//
//     redirect, deny, no cluster ──► user and password ──► redirect to https ──► limits of the source ──► a backend

#include <optional>

#include "proxy/listener.h"
#include "proxy/reply.h"
#include "proxy/target.h"
#include "tls/connection_info.h"

namespace seki::proxy {

struct Decision {
    bool needs_user = false;       // a user and a password of the cluster's come first
    std::optional<Reply> reply{};  // then this is the answer; nothing: a backend's
    bool silence = false;          // nothing is answered, and the connection closed
};

// Of requests that no frontend could serve. `secured`: what their client was shown; null: nothing.
[[nodiscard]] std::optional<Reply> unservable(const Listener& listener, const tls::ConnectionInfo* secured,
                                              const http::RequestHead& head);
// Nothing stands between the request and a backend: decide() would say so.
[[nodiscard]] inline bool unrestricted(const Route& route) noexcept {
    const Frontend& frontend = *route.frontend;
    return frontend.outcome == Frontend::Outcome::forward && !frontend.auth_required && route.cluster != nullptr &&
           (route.policy == nullptr || !route.policy->https_redirect);
}
[[nodiscard]] Decision decide(const Route& route, const RoutedRequest& request, AddedFields& texts);

}  // namespace seki::proxy
