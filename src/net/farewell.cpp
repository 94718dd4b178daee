#include "net/farewell.h"

#include <array>

namespace seki::net {

Farewell::Farewell(Session& session, CloseManner manner, CloseReason reason) : manner_(manner), reason_(reason) {
    session.unread().reset();
    session.deadline(session.loop().now() + flush_limit);
}

Next Farewell::on_ready(Session& session) {
    if (state_ == State::lingering) return discard(session);
    if (!session.flush() && !session.write_failed()) return Stay{};
    if (manner_ == CloseManner::flush || session.write_failed() || session.read_closed())
        return Close{CloseManner::now, reason_};
    session.shutdown_write();
    session.deadline(session.loop().now() + linger_limit);
    state_ = State::lingering;
    return discard(session);
}

Next Farewell::discard(Session& session) {
    std::array<char, 4096> rubbish;
    while (true) {
        const IoOutcome got = session.read(rubbish);
        discarded_ += got.bytes;
        if (got.stop == IoOutcome::Stop::blocked) return Stay{};
        if (got.stop != IoOutcome::Stop::none || discarded_ > linger_bytes) return Close{CloseManner::now, reason_};
    }
}

Next Farewell::on_deadline(Session& session) {
    return Close{session.has_unsent() ? CloseManner::reset : CloseManner::now, reason_};
}

void Farewell::describe(std::string& line) const {
    line += state_ == State::flushing ? "farewell: flushing, " : "farewell: lingering, ";
    line += net::describe(reason_);
}

}  // namespace seki::net
