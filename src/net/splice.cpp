#include "net/splice.h"

#include <algorithm>
#include <cerrno>
#include <fcntl.h>

namespace seki::net {

SpliceTransfer::~SpliceTransfer() {
    if (held_ == 0) {
        pool_.give_back(std::move(pipe_));
    } else {
        pool_.discard(std::move(pipe_));
    }
}

SpliceTransfer::Progress SpliceTransfer::move(Session& source, Session& sink, uint64_t limit, uint64_t budget) {
    constexpr unsigned flags = SPLICE_F_MOVE | SPLICE_F_NONBLOCK;
    Progress progress;
    while (progress.given < budget) {
        bool moved = false;
        if (source.readable() && progress.taken < limit && held_ < pipe_.capacity) {
            const size_t want = std::min<uint64_t>(limit - progress.taken, pipe_.capacity - held_);
            const ssize_t got =
                ::splice(source.transport().plain_fd(), nullptr, pipe_.write_end.get(), nullptr, want, flags);
            if (got > 0) {
                held_ += static_cast<uint64_t>(got);
                progress.taken += static_cast<uint64_t>(got);
                source.count_read(static_cast<uint64_t>(got));
                moved = true;
            } else if (got == 0) {
                progress.end = true;
                source.read_ended();
            } else if (errno != EAGAIN) {
                progress.broken = true;
                source.read_ended();
            } else if (held_ == 0) {
                // With bytes in the pipe EAGAIN may mean that the pipe's slots are used up: then the socket may hold
                // more.
                source.read_blocked();
            }
        }
        if (sink.writable() && held_ > 0) {
            const ssize_t sent =
                ::splice(pipe_.read_end.get(), nullptr, sink.transport().plain_fd(), nullptr, held_, flags);
            if (sent > 0) {
                held_ -= static_cast<uint64_t>(sent);
                progress.given += static_cast<uint64_t>(sent);
                sink.count_written(static_cast<uint64_t>(sent));
                moved = true;
            } else if (errno == EAGAIN) {
                sink.write_blocked();
            } else {
                progress.sink_broken = true;
                return progress;
            }
        }
        if (!moved) return progress;
    }
    return progress;
}

}  // namespace seki::net
