#pragma once

// What a proxy tells a backend about the client (RFC 7239 and its older relatives): X-Forwarded-For, -Proto, -Port,
// Forwarded, X-Real-IP, X-Request-Id and the correlation id. Of a client that is trusted, being a proxy itself, lists
// are continued and statements kept; what any other client says of the kind is dropped. A listener may say only some of
// them: then what a trusted client says in the other words passes as it is, unless Forwarded alone is spoken, beside
// which an X-Forwarded-For that nobody continues would be believed.

#include <string_view>

#include "http/message.h"
#include "http/scheme.h"
#include "net/address.h"
#include "proxy/added_fields.h"
#include "proxy/listener.h"

namespace seki::proxy {

// What a request had of these already, and was left as it was.
struct KeptFields {
    bool proto = false;
    bool proto_differs = false;  // from what Seki would have said
    bool port = false;
    bool port_differs = false;
    bool request_id = false;
    uint32_t malformed = 0;  // Forwarded that could not be continued, and was dropped
};

// What Seki itself knows of a request.
struct Known {
    const SocketAddress& peer;
    http::Scheme scheme;
    std::string_view request_id;  // lives as long as the added fields are used
};

// Marks what it replaces in `head` as dropped.
KeptFields add_forwarded_fields(http::RequestHead& head, const Listener& listener, const Known& known,
                                AddedFields& added);

}  // namespace seki::proxy
