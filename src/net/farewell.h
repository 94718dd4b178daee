#pragma once

// The last protocol of a session that still has something to send: flushes, and where the peer may still be sending,
// ends our side and reads on for a while, for closing with unread bytes would reset the connection and might eat the
// answer (RFC 9112 §9.6). Bounded in time and bytes.

#include "net/session.h"

namespace seki::net {

class Farewell final : public Protocol {
public:
    static constexpr Duration flush_limit = std::chrono::seconds(30);  // a client that takes nothing of its answer
    static constexpr Duration linger_limit = std::chrono::seconds(2);
    static constexpr uint64_t linger_bytes = 1U << 20U;

    Farewell(Session& session, CloseManner manner, CloseReason reason);

    Next on_ready(Session& session) override;
    Next on_deadline(Session& session) override;
    void on_close(Session&, CloseReason) override {}
    void describe(std::string& line) const override;
    [[nodiscard]] bool paused() const noexcept override { return state_ == State::flushing; }

private:
    enum class State : uint8_t { flushing, lingering };

    Next discard(Session& session);

    CloseManner manner_;
    CloseReason reason_;
    State state_ = State::flushing;
    uint64_t discarded_ = 0;
};

}  // namespace seki::net
