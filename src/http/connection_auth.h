#pragma once

// Authentication that holds for a connection and not for a request: after a handshake over several messages the server
// takes whatever comes on that connection for its user's. Against RFC 9110 §3.3, by which each request stands for
// itself, but what NTLM does, and Negotiate with NTLM inside (RFC 4559 §6). Such a connection may carry nobody else's
// requests.

#include "http/message.h"

namespace seki::http {

// Whether a head begins, carries on or confirms such a handshake: by a challenge, by credentials, or by
// Persistent-Auth. Only of a head that speaks_of_users; when in doubt true, which costs a connection and no secret.
[[nodiscard]] bool authenticates_connection(const FieldTable& fields) noexcept;

}  // namespace seki::http
