#include "command/byte_queue.h"

#include <algorithm>
#include <cstring>

namespace seki::command {

std::string& ByteQueue::room_for(size_t most) {
    if (!secret_ || bytes_.size() + most <= bytes_.capacity()) return bytes_;
    std::string larger;
    larger.reserve(std::max(size() + most, 2 * bytes_.capacity()));
    larger = bytes();
    wipe(0, bytes_.size());
    bytes_.swap(larger);
    begin_ = 0;
    return bytes_;
}

void ByteQueue::drop(size_t count) noexcept {
    wipe(begin_, count);
    begin_ += count;
    if (empty()) clear();
}

void ByteQueue::clear() noexcept {
    wipe(begin_, size());
    bytes_.clear();
    begin_ = 0;
}

void ByteQueue::compact(size_t kept) {
    if (empty() && bytes_.capacity() > kept) {
        std::string().swap(bytes_);
    } else if (begin_ > bytes_.size() / 2) {
        const size_t rest = size();
        std::memmove(bytes_.data(), bytes_.data() + begin_, rest);
        wipe(rest, bytes_.size() - rest);
        bytes_.resize(rest);
        begin_ = 0;
    }
}

void ByteQueue::wipe(size_t from, size_t count) noexcept {
    if (secret_) explicit_bzero(bytes_.data() + from, count);
}

}  // namespace seki::command
