#pragma once

// What is asked about the sessions of a worker, or done to them, by clients of the command socket.

#include <string>

#include "command.pb.h"
#include "proxy/context.h"
#include "worker/tables.h"

namespace seki::worker {

// One line for each, `limit` at most.
void list_sessions(net::Sessions& sessions, uint32_t worker_id, uint32_t limit, command::SessionsList& list);
// Whether there is one of that id.
bool kill_session(net::Sessions& sessions, const std::string& id);
// Those that have to do with a cluster, or a backend of it, and the idle connections to these backends. Who is idle and
// tunnels go at once, requests that run are the last ones of their connections.
command::ClosedSessions close_sessions(const command::CloseSessions& asked, proxy::Context& context,
                                       const Tables& tables);

}  // namespace seki::worker
