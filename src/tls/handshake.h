#pragma once

// The first protocol of a client that comes through TLS: lets its transport do the handshake, and becomes what the
// client is then spoken to with.

#include <functional>

#include "net/session.h"
#include "tls/transport.h"

namespace seki::tls {

class Handshake final : public net::Protocol {
public:
    using MakeNext = std::move_only_function<std::unique_ptr<net::Protocol>(const ConnectionInfo&)>;

    // `transport` is the session's. `limit`: how long it may take.
    Handshake(net::Session& session, TlsTransport& transport, Duration limit, MakeNext make_next);

    net::Next on_ready(net::Session& session) override;
    net::Next on_deadline(net::Session& session) override;
    void on_close(net::Session&, net::CloseReason) override {}
    void describe(std::string& line) const override { line += "TLS handshake"; }
    // To end it cuts nothing off.
    [[nodiscard]] std::optional<Monotonic> idle_since(const net::Session&) const override { return began_; }
    [[nodiscard]] bool paused() const noexcept override { return false; }

private:
    TlsTransport& transport_;
    Monotonic began_;
    MakeNext make_next_;
};

}  // namespace seki::tls
