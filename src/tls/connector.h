#pragma once

// Connects to backends through TLS, over whatever another connector connects. What stands then is a connection whose
// handshake has still to be done (Transport::establish).

#include <memory>
#include <utility>

#include "net/connector.h"
#include "tls/transport.h"

namespace seki::tls {

class TlsConnector final : public net::Connector {
public:
    TlsConnector(net::Connector& plain, std::shared_ptr<const ClientContext> context) noexcept
        : plain_(plain), context_(std::move(context)) {}

    std::expected<net::Connection, net::ConnectFailure> connect(const net::Destination& to) override {
        auto connection = plain_.connect(to);
        if (!connection) return connection;
        connection->transport = std::make_unique<TlsTransport>(std::move(connection->transport), context_, to.address);
        connection->connected = false;
        return connection;
    }

private:
    net::Connector& plain_;
    std::shared_ptr<const ClientContext> context_;
};

}  // namespace seki::tls
