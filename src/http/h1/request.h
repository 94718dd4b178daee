#pragma once

// What a request head means, once its text was read: host, target, framing, connection (RFC 9112 §3, §6, §9).

#include "http/codec.h"
#include "http/head_storage.h"

namespace seki::http::h1 {

// Completes the request whose text is parsed; `path` holds the whole target then, and its path afterwards.
// `persistent`: the client keeps the connection.
[[nodiscard]] Fault understand_request(HeadStorage& storage, bool& persistent) noexcept;

}  // namespace seki::http::h1
