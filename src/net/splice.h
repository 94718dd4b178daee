#pragma once

// Moves bytes from one plain socket to another through a pipe, without their visiting this process (splice(2)). The
// pipe belongs to the transfer from the first byte that is in it until the last one left it.
//
// Unlike recv, a splice that moved less than asked for says nothing about the socket: only EAGAIN does.

#include <cstdint>

#include "net/pipe_pool.h"
#include "net/session.h"

namespace seki::net {

class SpliceTransfer {
public:
    SpliceTransfer(PipePool& pool, Pipe pipe) noexcept : SpliceTransfer(pool, std::move(pipe), 0) {}
    // `held`: so many bytes are in the pipe.
    SpliceTransfer(PipePool& pool, Pipe pipe, uint64_t held) noexcept
        : pool_(pool), pipe_(std::move(pipe)), held_(held) {}
    SpliceTransfer(const SpliceTransfer&) = delete;
    SpliceTransfer& operator=(const SpliceTransfer&) = delete;
    ~SpliceTransfer();

    struct Progress {
        uint64_t taken = 0;   // from the source into the pipe
        uint64_t given = 0;   // from the pipe to the sink
        bool end = false;     // the source ended
        bool broken = false;  // an error of the source
        bool sink_broken = false;
    };
    // Moves what goes without waiting, at most `limit` bytes from the source and `budget` in all. Updates the readiness
    // of both sessions: when it returns early, one of them is not readable or not writable, or the budget is used up.
    Progress move(Session& source, Session& sink, uint64_t limit, uint64_t budget);

    [[nodiscard]] uint64_t held() const noexcept { return held_; }
    [[nodiscard]] const Pipe& pipe() const noexcept { return pipe_; }

private:
    PipePool& pool_;
    Pipe pipe_;
    uint64_t held_;  // bytes in the pipe
};

}  // namespace seki::net
