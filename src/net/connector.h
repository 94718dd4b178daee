#pragma once

// Begins connections to backends. A seam: tests connect to scripted backends instead.

#include <memory>

#include "net/address.h"
#include "net/transport.h"

namespace seki::net {

struct ConnectFailure {
    int error;  // errno; EMFILE, EADDRNOTAVAIL and the like say that this machine, not the backend, is to blame
    [[nodiscard]] bool local() const noexcept;
};

struct Connection {
    std::unique_ptr<Transport> transport;
    bool connected;  // false: under way; the transport becomes writable when it stands or failed
};

class Connector {
public:
    virtual ~Connector() = default;
    virtual std::expected<Connection, ConnectFailure> connect(const SocketAddress& to) = 0;
};

class TcpConnector final : public Connector {
public:
    std::expected<Connection, ConnectFailure> connect(const SocketAddress& to) override;
};

}  // namespace seki::net
