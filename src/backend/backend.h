#pragma once

// A backend as one worker knows it: where it is, how it fares, and the idle connections to it. Exchanges hold it by
// shared_ptr: a backend that a change removed lives on until the last of them ended.

#include <absl/container/flat_hash_map.h>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "backend/backoff.h"
#include "backend/connect_time.h"
#include "backend/keep_alive.h"
#include "net/address.h"
#include "net/session.h"

namespace seki::backend {

// What the operator lets it be used for.
enum class State : uint8_t {
    ready,
    drain,        // by clients that are bound to it, nobody else
    maintenance,  // by nobody
};

struct Backend {
    std::string cluster_id;
    std::string id;
    SocketAddress address;
    std::string address_text;
    std::string unix_path;  // of the socket that is connected to in place of the address; empty: none
    std::string cookie;     // what the cookie of a sticky session says when it means this one
    uint32_t weight = 100;  // > 0
    State state = State::ready;
    bool backup = false;  // for when no other can be used

    bool removed = false;
    Backoff backoff;
    KeepAlive keep_alive;
    ConnectTime connect_time;
    uint32_t connections = 0;  // open ones, idle or not
    uint32_t exchanges = 0;    // running
    uint32_t generation = 0;   // of connections: those of an earlier one serve no more requests
    // Connections on which a request may begin, which are Pool's: idle ones that anybody may take, last in, first out,
    // those that serve requests and have streams left, and idle ones that belong to one client each.
    std::vector<net::SessionId> idle;
    std::vector<net::SessionId> shared;
    absl::flat_hash_map<uint64_t, bool> owned;  // by SessionId::packed(): whether it counts among all idle ones

    // Where it is reached.
    [[nodiscard]] const std::string& place_text() const noexcept {
        return unix_path.empty() ? address_text : unix_path;
    }
};
using BackendPtr = std::shared_ptr<Backend>;

}  // namespace seki::backend
