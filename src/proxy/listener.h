#pragma once

// A listener as one worker runs it: where requests come from and which frontends they find there. Sessions hold it by
// shared_ptr: what was accepted under a listener ends under it.

#include <memory>
#include <string>

#include "base/clock.h"
#include "net/address.h"
#include "proxy/cluster.h"
#include "routing/router.h"

namespace seki::proxy {

// A routing rule's outcome. Immutable: a change makes a new one, and exchanges that run keep theirs.
struct Frontend {
    ClusterPtr cluster;  // null: the request is refused (401)
    std::string tags;    // "k=v, k2=v2", for the access log
};
using FrontendPtr = std::shared_ptr<const Frontend>;

// What requests of one listening address are routed by. It outlives listeners: a listener that is removed and added
// again finds its frontends where they were.
struct Routes {
    routing::Router<FrontendPtr> http;  // of an HTTP listener
    FrontendPtr tunnel;                 // of a TCP listener
};

struct Timeouts {
    Duration front = std::chrono::seconds(60);  // a client that neither sends nor takes anything
    Duration back = std::chrono::seconds(30);   // likewise a backend
    Duration connect = std::chrono::seconds(3);
    Duration request = std::chrono::seconds(10);  // for the whole head of a request
};

struct Listener {
    enum class Kind : uint8_t { http, tcp };

    Kind kind = Kind::http;
    SocketAddress address;
    std::string public_node;  // the address that clients know, as Forwarded writes it: 192.0.2.1 or "[2001:db8::1]"
    std::string public_port;
    Timeouts timeouts;
    std::string id_header = "Sozu-Id";
    bool elide_x_real_ip = false;
    bool send_x_real_ip = false;

    std::shared_ptr<const Routes> routes;
};
using ListenerPtr = std::shared_ptr<const Listener>;

}  // namespace seki::proxy
