#include "net/lingering_close.h"

#include <algorithm>

namespace seki::net {

namespace {

Lingering shorter(const Lingering& one, const Lingering& other) noexcept {
    return {std::min(one.bytes, other.bytes), std::min(one.time, other.time)};
}

}  // namespace

LingeringClose::LingeringClose(Session& session, const Close& end, const Lingering& allowed)
    : end_(end), has_place_(end.manner == CloseManner::linger && session.owner().take_linger_place()) {
    allowed_ = has_place_ ? allowed : shorter(allowed, Lingering{});
    session.unread().reset();
    session.deadline(session.loop().now() + flush_limit);
}

Next LingeringClose::on_ready(Session& session) {
    if (state_ == State::flushing && (session.flush() || session.write_failed())) {
        if (end_.manner == CloseManner::flush || session.write_failed() || session.read_closed()) {
            if (!session.finish()) return Stay{};
            return Close{CloseManner::now, end_.reason};
        }
        session.shutdown_write();
        session.deadline(session.loop().now() + allowed_.time);
        state_ = State::lingering;
    }
    return paused() ? Next(Stay{}) : discard(session);
}

Next LingeringClose::discard(Session& session) {
    const IoOutcome got = session.discard(read_budget);
    discarded_ += got.bytes;
    const bool ended = got.stop == IoOutcome::Stop::end && state_ == State::lingering;
    if (ended || got.stop == IoOutcome::Stop::error || discarded_ > allowed_.bytes)
        return Close{CloseManner::now, end_.reason};
    return Stay{};
}

Next LingeringClose::on_deadline(Session& session) {
    return Close{session.has_unsent() ? CloseManner::reset : CloseManner::now, end_.reason};
}

void LingeringClose::on_close(Session& session, CloseReason) {
    if (has_place_) session.owner().leave_linger_place();
}

// It has all that it will get: whoever waits for its place needs it more.
std::optional<Monotonic> LingeringClose::idle_since(const Session& session) const {
    if (state_ == State::flushing) return std::nullopt;
    return session.Timer::deadline() - allowed_.time;
}

void LingeringClose::describe(std::string& line) const {
    line += state_ == State::flushing ? "lingering close: flushing, " : "lingering close: lingering, ";
    line += net::describe(end_.reason);
}

}  // namespace seki::net
