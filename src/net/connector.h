#pragma once

// Begins connections to backends. A seam: tests connect to scripted backends instead.

#include <memory>
#include <string_view>

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

// Where a connection leads.
struct Destination {
    SocketAddress address;
    // Of a socket of this machine that is connected to in place of the address (base/unix_address.h); empty: none.
    std::string_view unix_path{};
};

class Connector {
public:
    virtual ~Connector() = default;
    virtual std::expected<Connection, ConnectFailure> connect(const Destination& to) = 0;
};

class SocketConnector final : public Connector {
public:
    std::expected<Connection, ConnectFailure> connect(const Destination& to) override;
};

}  // namespace seki::net
