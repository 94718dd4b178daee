#pragma once

// What a new connection begins with. Here alone a listener becomes a protocol and its requests get their scheme;
// whatever stands before the first request (a PROXY header, a handshake) is made here and becomes the next one.

#include <memory>

#include "net/session.h"
#include "proxy/client_side.h"
#include "proxy/context.h"
#include "proxy/listener.h"

namespace seki::proxy {

[[nodiscard]] std::unique_ptr<net::Protocol> first_protocol(net::Session& session, Context& context,
                                                            ListenerPtr listener);

// What a connection goes on with that was at rest in another worker. `secured`: what its handshake agreed upon, good as
// long as the session; null where there was none.
[[nodiscard]] std::unique_ptr<net::Protocol> protocol_at_rest(net::Session& session, Context& context,
                                                              ListenerPtr listener, const tls::ConnectionInfo* secured,
                                                              ClientSide::SoFar so_far);

// The same for one that was a tunnel there: client.go_on_in_tunnel() comes next.
[[nodiscard]] std::unique_ptr<ClientSide> protocol_in_tunnel(net::Session& session, Context& context,
                                                             ListenerPtr listener, const tls::ConnectionInfo* secured);

}  // namespace seki::proxy
