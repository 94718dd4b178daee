#pragma once

// A listener as one worker runs it: where requests come from and which frontends they find there. Sessions hold it by
// shared_ptr: what was accepted under a listener ends under it.

#include <algorithm>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.h"
#include "base/network.h"
#include "http/codec.h"
#include "http/scheme.h"
#include "net/address.h"
#include "net/session.h"
#include "proxy/answer_templates.h"
#include "proxy/client_certificate_fields.h"
#include "proxy/frontend.h"
#include "proxy/hsts.h"
#include "proxy/sticky.h"
#include "routing/router.h"
#include "tls/certificate_store.h"

namespace seki::tls {
class ServerContext;
}

namespace seki::proxy {

// What requests of one listening address are routed by. It outlives listeners: a listener that is removed and added
// again finds its frontends where they were.
struct Routes {
    routing::Router<FrontendPtr> http;   // of an HTTP listener
    FrontendPtr tunnel;                  // of a TCP listener
    tls::CertificateStore certificates;  // of an HTTPS listener
};

struct Timeouts {
    Duration front = std::chrono::seconds(60);  // a client that neither sends nor takes anything
    Duration back = std::chrono::seconds(30);   // likewise a backend
    Duration connect = std::chrono::seconds(3);
    Duration request = std::chrono::seconds(10);  // for the whole head of a request
    std::optional<Duration> tunnel;               // both ends of a tunnel; absent: the shorter of front and back
    // A client that ended its sending side, while nothing moves; absent: as any other.
    std::optional<Duration> half_close = std::chrono::seconds(2);

    void override_by(const TimeoutOverrides& overrides) noexcept {
        if (overrides.front) front = *overrides.front;
        if (overrides.back) back = *overrides.back;
        if (overrides.connect) connect = *overrides.connect;
        if (overrides.tunnel) tunnel = overrides.tunnel;
    }
    [[nodiscard]] Duration of_tunnel() const noexcept { return tunnel.value_or(std::min(front, back)); }
};

// As Host names it: without the port that the scheme has anyway.
inline std::string authority_of(const SocketAddress& address, http::Scheme scheme) {
    const std::string text = address.text();
    return address.port() == http::default_port(scheme) ? text.substr(0, text.rfind(':')) : text;
}

struct Listener {
    enum class Kind : uint8_t { http, tcp };

    Kind kind = Kind::http;
    SocketAddress address;
    std::string public_node;   // the address that clients know, as Forwarded writes it: 192.0.2.1 or "[2001:db8::1]"
    std::string forwarded_by;  // how a Forwarded element of ours ends: `";by=<public_node>`
    std::string public_port;
    std::string own_authority;  // likewise, as Host writes it; empty: it listens on whatever addresses there are
    Timeouts timeouts;
    std::string id_header = "Sozu-Id";
    bool elide_x_real_ip = false;
    bool send_x_real_ip = false;
    bool elide_lookalike_fields = true;
    std::optional<NetworkSet> trusted_proxies;  // absent: what anybody says of forwarding is believed
    // In which words backends are told of the client: X-Forwarded-For and its like, and Forwarded (RFC 7239).
    bool says_x_forwarded = true;
    bool says_forwarded = true;
    StickyCookie sticky_cookie;
    AnswerTemplates answers;

    // How paths of requests are compared with those of rules, and whether those are refused that others may read
    // otherwise (routing/path.h).
    routing::PathForm path_form = routing::PathForm::normal;
    bool refuses_ambiguous_paths = false;

    http::HeadLimits head_limits;
    uint64_t max_body_bytes = 0;             // of a request; 0: no limit
    uint32_t min_body_bytes_per_second = 0;  // that a client has to keep up with its request; 0: no limit
    net::Lingering lingering;                // of clients that were answered before they had sent everything

    [[nodiscard]] bool trusts(const SocketAddress& peer) const noexcept {
        return !trusted_proxies || trusted_proxies->contains(peer.ip_address());
    }

    // Of an HTTPS listener; null: connections are not secured.
    std::shared_ptr<const tls::ServerContext> tls;
    Duration handshake_timeout = std::chrono::seconds(10);
    bool strict_sni_binding = false;  // requests are for hosts of the certificate only
    Hsts hsts;
    ClientCertificateFields client_fields;

    [[nodiscard]] http::Scheme scheme() const noexcept {
        return tls != nullptr ? http::Scheme::https : http::Scheme::http;
    }

    std::shared_ptr<const Routes> routes;
};
using ListenerPtr = std::shared_ptr<const Listener>;

}  // namespace seki::proxy
