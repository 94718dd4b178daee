#pragma once

// What a new connection begins with. Here alone a listener becomes a protocol and its requests get their scheme;
// whatever stands before the first request (a PROXY header, a handshake) is made here and becomes the next one.

#include <memory>
#include <optional>

#include "http/h1/progress.h"
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

// The same for one that was in the middle of an exchange there: client.go_on_in() comes next.
[[nodiscard]] std::unique_ptr<ClientSide> protocol_in_exchange(net::Session& session, Context& context,
                                                               ListenerPtr listener,
                                                               std::unique_ptr<http::SingleStreamServerCodec> codec,
                                                               const tls::ConnectionInfo* secured);
// Its codec: of HTTP/1 at that place, null when there is none such; without one, that of a tunnel.
[[nodiscard]] std::unique_ptr<http::SingleStreamServerCodec> codec_in_exchange(
    Context& context, const Listener& listener, const std::optional<http::h1::Progress>& place);

}  // namespace seki::proxy
