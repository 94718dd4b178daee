#include "worker/session_orders.h"

#include "config/convert.h"
#include "proxy/client.h"

namespace seki::worker {

using proxy::Concern;
using proxy::SessionsOf;

void list_sessions(net::Sessions& sessions, uint32_t worker_id, uint32_t limit, command::SessionsList& list) {
    sessions.for_each([&](net::Session& session) {
        if (static_cast<uint32_t>(list.vec_size()) == limit) {
            list.set_truncated(true);
            return;
        }
        command::SessionInfo& info = *list.add_vec();
        info.set_id(session.ulid().text());
        info.set_worker_id(worker_id);
        info.set_line(session.describe());
    });
}

bool kill_session(net::Sessions& sessions, const std::string& id) {
    bool found = false;
    sessions.for_each([&](net::Session& session) {
        if (session.ulid().text() != id) return;
        found = true;
        session.close(net::CloseManner::reset, net::CloseReason::killed);
    });
    return found;
}

static void close_session(net::Session& session, const SessionsOf& those, command::ClosedSessions& done) {
    auto* const client = dynamic_cast<proxy::Client*>(session.protocol());
    if (client == nullptr || session.closing()) return;
    switch (client->concern_with(those)) {
        case Concern::none:
            return;
        case Concern::request:
            client->leave();
            return done.set_draining(done.draining() + 1);
        case Concern::idle:
            client->leave();
            break;
        case Concern::tunnel:
            session.close(net::CloseManner::reset, net::CloseReason::killed);
            break;
    }
    done.set_closed(done.closed() + 1);
}

command::ClosedSessions close_sessions(const command::CloseSessions& asked, proxy::Context& context,
                                       const Tables& tables) {
    SessionsOf those{asked.cluster_id()};
    if (asked.has_backend_id()) those.backend_id = asked.backend_id();
    if (asked.has_address()) those.address = config::checked_address(asked.address());
    command::ClosedSessions done;
    done.set_closed(0);
    done.set_draining(0);
    context.sessions.for_each([&](net::Session& session) { close_session(session, those, done); });
    if (const auto cluster = tables.find_cluster(asked.cluster_id())) {
        for (const backend::BackendPtr& backend : cluster->backends.backends()) {
            if (those.are_at(*backend)) context.pool.renew(*backend);
        }
    }
    return done;
}

}  // namespace seki::worker
