#pragma once

// A client's connection on its way from one worker to another: what is told of it, and what it needs to go on, here or
// there.

#include <memory>

#include "net/transport.h"
#include "proxy/listener.h"
#include "worker.pb.h"

namespace seki::worker {

struct RestingClient {
    IdleClient about;             // without its secrets
    proxy::ListenerPtr listener;  // under which it goes on, though that may be gone meanwhile
    std::unique_ptr<net::Transport> transport;
};

}  // namespace seki::worker
