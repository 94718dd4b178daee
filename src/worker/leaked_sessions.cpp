#include "worker/leaked_sessions.h"

#include <utility>

namespace seki::worker {

LeakedSessions::LeakedSessions(net::Sessions& sessions, observe::Log& log, observe::Metrics& metrics, Duration interval)
    : sessions_(sessions), log_(log), metrics_(metrics), interval_(interval) {
    sessions_.loop().timers().arm(*this, sessions_.loop().now() + interval_);
}

void LeakedSessions::on_timer() {
    next_slot_ = 0;
    sessions_.loop().schedule(*this);
}

void LeakedSessions::run() {
    next_slot_ = sessions_.for_some(next_slot_, slots_per_turn, [this](net::Session& session) { look_at(session); });
    if (next_slot_ != 0) return sessions_.loop().schedule(*this);
    suspects_ = std::exchange(found_, {});
    sessions_.loop().timers().arm(*this, sessions_.loop().now() + interval_);
}

void LeakedSessions::look_at(net::Session& session) {
    if (session.armed()) return;
    const uint64_t id = session.id().packed();
    const uint64_t bytes = session.bytes_read() + session.bytes_written();
    const auto suspect = suspects_.find(id);
    if (suspect == suspects_.end() || suspect->second != bytes) {
        found_.emplace(id, bytes);
        return;
    }
    log_.error(observe::Module::worker, "a session that would never end is closed: {}", session.describe());
    metrics_.add(observe::Counter::zombies);
    session.close(net::CloseManner::now, net::CloseReason::forgotten);
}

}  // namespace seki::worker
