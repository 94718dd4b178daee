#pragma once

// What a new connection begins with. Here alone a listener becomes a protocol and its requests get their scheme;
// whatever stands before the first request (a PROXY header, a handshake) is made here and becomes the next one.

#include <memory>

#include "net/session.h"
#include "proxy/context.h"
#include "proxy/listener.h"

namespace seki::proxy {

[[nodiscard]] std::unique_ptr<net::Protocol> first_protocol(net::Session& session, Context& context,
                                                            ListenerPtr listener);

}  // namespace seki::proxy
