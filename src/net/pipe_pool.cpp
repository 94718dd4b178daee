#include "net/pipe_pool.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <utility>

#include "base/check.h"

namespace seki::net {

std::optional<Pipe> PipePool::take() {
    if (in_use_ >= limit_) return std::nullopt;
    if (!idle_.empty()) {
        Pipe pipe = std::move(idle_.back());
        idle_.pop_back();
        ++in_use_;
        return pipe;
    }
    int ends[2];
    if (::pipe2(ends, O_NONBLOCK | O_CLOEXEC) != 0) return std::nullopt;
    Pipe pipe{UniqueFd(ends[0]), UniqueFd(ends[1]), 0};
    // Refused above the user's share of pipe memory (pipe(7), pipe-user-pages-soft): a smaller pipe does as well.
    int capacity = ::fcntl(pipe.write_end.get(), F_SETPIPE_SZ, capacity_);
    if (capacity < 0) capacity = ::fcntl(pipe.write_end.get(), F_GETPIPE_SZ);
    if (capacity <= 0) return std::nullopt;
    pipe.capacity = static_cast<uint32_t>(capacity);
    ++in_use_;
    return pipe;
}

std::optional<Pipe> PipePool::adopt(UniqueFd read_end, UniqueFd write_end, uint64_t held) {
    const int capacity = ::fcntl(write_end.get(), F_GETPIPE_SZ);
    if (capacity <= 0 || held > static_cast<uint64_t>(capacity)) return std::nullopt;
    struct stat out{};
    struct stat in{};
    if (::fstat(read_end.get(), &out) != 0 || ::fstat(write_end.get(), &in) != 0) return std::nullopt;
    if (out.st_ino != in.st_ino || out.st_dev != in.st_dev) return std::nullopt;
    ++in_use_;
    return Pipe{std::move(read_end), std::move(write_end), static_cast<uint32_t>(capacity), true};
}

void PipePool::give_back(Pipe pipe) {
    if (pipe.adopted) return discard(std::move(pipe));
    SEKI_CHECK(in_use_ > 0);
    --in_use_;
    if (idle_.size() < max_idle) idle_.push_back(std::move(pipe));
}

void PipePool::discard(Pipe pipe) {
    SEKI_CHECK(in_use_ > 0);
    --in_use_;
    pipe.read_end.reset();
    pipe.write_end.reset();
}

}  // namespace seki::net
