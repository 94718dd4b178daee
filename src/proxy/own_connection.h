#pragma once

// The backend connection that belongs to one client's connection, between that client's requests: a user was
// authenticated on it (http/connection_auth.h). Nobody else ever gets it, and it ends with the client's.
//
// It stands in the place of the connection that each client may have, so that no limit of the pool can break a
// handshake. While its client is served elsewhere it is one more, and stays only if the pool has room.

#include "net/session.h"

namespace seki::proxy {

class BackendEnd;
class Context;

class OwnConnection {
public:
    // Null when there is none, or a request runs on it.
    [[nodiscard]] BackendEnd* idle(Context& context) const { return id_.valid() ? find(context) : nullptr; }
    // A request has ended on `side`, which takes the place of one that waits. False when its backend is not used any
    // more.
    [[nodiscard]] bool keep(Context& context, BackendEnd& side);
    // A request of the client goes over another connection.
    void give_way(Context& context);
    void close(Context& context);
    // There is one, whether or not a request runs on it.
    [[nodiscard]] bool exists() const noexcept { return id_.valid(); }

private:
    [[nodiscard]] BackendEnd* find(Context& context) const;

    net::SessionId id_;
};

}  // namespace seki::proxy
