#pragma once

// Who hears of clients that are at rest, between two requests, or in a tunnel, so that they can go on elsewhere: a
// worker that gives its connections to another one.

#include "net/session.h"

namespace seki::proxy {

class ClientsAtRest {
public:
    // Within a call of the session's protocol: nothing can be done with it yet, and it may not be at rest any more when
    // it can. Told again and again of the same one.
    virtual void at_rest(net::SessionId id) = 0;
    // Likewise of one that has become a tunnel, which can go on elsewhere whatever it carries.
    virtual void in_tunnel(net::SessionId id) = 0;

protected:
    ~ClientsAtRest() = default;
};

}  // namespace seki::proxy
