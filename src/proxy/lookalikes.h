#pragma once

// Fields that a backend may take for others. CGI, WSGI and their like make variables of fields: both X_Forwarded_For
// and X-Forwarded-For are HTTP_X_FORWARDED_FOR (RFC 3875 §4.1.18). So a client could say in the one spelling what Seki
// vouches for in the other: how long a body is, who asks, what ends at this hop.

#include "http/message.h"
#include "proxy/listener.h"

namespace seki::proxy {

// Marks them as dropped. Only heads with odd names (FieldTable::odd_names) can have any.
void drop_lookalikes(http::FieldTable& fields, const Listener& listener) noexcept;

}  // namespace seki::proxy
