#pragma once

// Pipes for splice(2), pooled and bounded: each is two descriptors and up to `capacity` bytes of kernel memory. When
// none is left bytes go through buffers as usual.

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "base/unique_fd.h"

namespace seki::net {

struct Pipe {
    UniqueFd read_end;
    UniqueFd write_end;
    uint32_t capacity = 0;
    bool adopted = false;  // who had it before may hold it still
};

class PipePool {
public:
    // In bytes. Larger than the kernel's 64 KiB: fewer calls per byte. All pipes of a user together have a limit
    // (pipe(7), pipe-user-pages-soft), which 64 of these reach; beyond it they are smaller.
    static constexpr uint32_t default_capacity = 256 * 1024;

    // So that a worker's pipes are few beside its connections, and are worth having.
    [[nodiscard]] static constexpr uint32_t limit_for(uint32_t max_connections) noexcept {
        return std::clamp<uint32_t>(max_connections / 16, 4, 256);
    }

    // `capacity` in bytes per pipe, `limit` pipes in all.
    PipePool(uint32_t capacity, uint32_t limit) noexcept : capacity_(capacity), limit_(limit) {}

    // An empty pipe, or nothing when the limit or the system's is reached.
    std::optional<Pipe> take();
    // One of another pool, with so many bytes in it: one more than there may be, if need be. Nothing when these are not
    // the ends of a pipe, or it does not take as many.
    std::optional<Pipe> adopt(UniqueFd read_end, UniqueFd write_end, uint64_t held);
    // Takes an empty pipe back, for the next transfer unless it was adopted. A pipe with bytes in it must be discarded
    // instead.
    void give_back(Pipe pipe);
    void discard(Pipe pipe);

    [[nodiscard]] uint32_t in_use() const noexcept { return in_use_; }
    [[nodiscard]] uint32_t limit() const noexcept { return limit_; }

private:
    static constexpr size_t max_idle = 16;  // kept open for the next transfers

    uint32_t capacity_;
    uint32_t limit_;
    uint32_t in_use_ = 0;
    std::vector<Pipe> idle_;
};

}  // namespace seki::net
