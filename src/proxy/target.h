#pragma once

// Where a request is meant to go by its target and its Host, and what a frontend makes of that: for the backend, or for
// the client, as the location of a redirect. Pure but for the texts, which lie where the added fields do.

#include <optional>
#include <string_view>

#include "http/message.h"
#include "http/scheme.h"
#include "proxy/added_fields.h"
#include "proxy/route.h"
#include "routing/router.h"

namespace seki::proxy {

// A request that was routed; good as long as its head and the router's tables are.
struct RoutedRequest {
    http::RequestHead& head;
    http::Scheme scheme;
    const routing::Request& asked;
    const routing::Match<FrontendPtr>& match;
};

// An address of this scheme; nothing when what the client sent makes it invalid.
[[nodiscard]] std::optional<std::string_view> redirect_location(const Route& route, const RoutedRequest& request,
                                                                http::Scheme scheme, AddedFields& texts);
// Gives the head the host, port and path that the frontend wants. False when what the client sent makes them invalid.
// `tell_host`: the backend learns in X-Forwarded-Host which host it was.
[[nodiscard]] bool rewrite_target(const Route& route, const RoutedRequest& request, bool tell_host, AddedFields& added);
void set_authority(http::RequestHead& head, std::string_view authority);

}  // namespace seki::proxy
