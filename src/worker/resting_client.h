#pragma once

// A client's connection on its way from one worker to another: what is told of it, and what it needs to go on, here or
// there.

#include <memory>

#include "net/transport.h"
#include "proxy/listener.h"
#include "proxy/source_limits.h"
#include "worker.pb.h"

namespace seki::worker {

struct RestingClient {
    IdleClient about;             // without its secrets
    proxy::ListenerPtr listener;  // under which it goes on, though that may be gone meanwhile
    std::unique_ptr<net::Transport> transport;
    // As what it counts. Who takes it counts it before the other one hears of that and lets go: it counts all the time.
    proxy::SourceLimits source_limits;
};

}  // namespace seki::worker
