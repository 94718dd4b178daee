#pragma once

// The last protocol of a session that still has something to send: flushes, and where the peer may still be sending,
// ends our side and reads on for a while, for closing with unread bytes would reset the connection and might eat the
// answer (RFC 9112 §9.6). What comes is dropped from the beginning, since some peers take nothing of an answer before
// they have sent everything. Bounded in time and bytes, in all and in each turn.

#include "net/session.h"

namespace seki::net {

class LingeringClose final : public Protocol {
public:
    static constexpr Duration flush_limit = std::chrono::seconds(30);  // a client that takes nothing of its answer
    static constexpr size_t read_budget = 256 * 1024;                  // of one turn

    LingeringClose(Session& session, const Close& end, const Lingering& allowed);

    Next on_ready(Session& session) override;
    Next on_deadline(Session& session) override;
    void on_close(Session& session, CloseReason) override;
    void describe(std::string& line) const override;
    [[nodiscard]] std::optional<Monotonic> idle_since(const Session& session) const override;
    [[nodiscard]] bool paused() const noexcept override { return end_.manner == CloseManner::flush; }

private:
    enum class State : uint8_t { flushing, lingering };

    Next discard(Session& session);

    Close end_;
    Lingering allowed_;
    State state_ = State::flushing;
    bool has_place_;
    uint64_t discarded_ = 0;
};

}  // namespace seki::net
