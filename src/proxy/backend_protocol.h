#pragma once

// What a connection to a backend speaks, the mirror of first_protocol(): here alone a backend becomes a protocol.

#include <memory>
#include <optional>

#include "backend/backend.h"
#include "http/h1/progress.h"
#include "net/session.h"
#include "proxy/backend_end.h"
#include "proxy/context.h"

namespace seki::proxy {

enum class Carries : uint8_t { requests, tunnel };

[[nodiscard]] std::unique_ptr<BackendEnd> backend_protocol(net::Session& session, Context& context,
                                                           const backend::BackendPtr& backend, Carries what,
                                                           Duration connect_timeout);

// What a connection goes on with that was in the middle of an exchange in another worker: of HTTP/1 at that place, null
// when there is none such; without one, what a tunnel has.
[[nodiscard]] std::unique_ptr<http::ClientCodec> backend_codec_in_exchange(
    Context& context, const std::optional<http::h1::Progress>& place);

}  // namespace seki::proxy
