#pragma once

// What a connection to a backend speaks, the mirror of first_protocol(): here alone a backend becomes a protocol.

#include <memory>

#include "backend/backend.h"
#include "net/session.h"
#include "proxy/backend_end.h"
#include "proxy/context.h"

namespace seki::proxy {

enum class Carries : uint8_t { requests, tunnel };

[[nodiscard]] std::unique_ptr<BackendEnd> backend_protocol(net::Session& session, Context& context,
                                                           const backend::BackendPtr& backend, Carries what,
                                                           Duration connect_timeout);

}  // namespace seki::proxy
