#pragma once

// Bytes that wait, to be written or for the rest of their frame: they come at the end and go at the front. A secret
// queue leaves none of them in memory, wherever they stood while it grew.

#include <string>
#include <string_view>

namespace seki::command {

class ByteQueue {
public:
    explicit ByteQueue(bool secret) noexcept : secret_(secret) {}
    ByteQueue(const ByteQueue&) = delete;
    ByteQueue& operator=(const ByteQueue&) = delete;
    ~ByteQueue() { clear(); }

    [[nodiscard]] bool empty() const noexcept { return begin_ == bytes_.size(); }
    [[nodiscard]] size_t size() const noexcept { return bytes_.size() - begin_; }
    // Until the next call of what is not const.
    [[nodiscard]] std::string_view bytes() const noexcept { return std::string_view(bytes_).substr(begin_); }

    // Whoever appends to it, at most `most` bytes, does so at once.
    std::string& room_for(size_t most);
    void append(std::string_view bytes) { room_for(bytes.size()).append(bytes); }
    // The first `count`; their memory is used again at the next compact().
    void drop(size_t count) noexcept;
    void clear() noexcept;
    // Gives memory back that is not worth keeping: all but `kept` bytes when it is empty.
    void compact(size_t kept);

private:
    void wipe(size_t from, size_t count) noexcept;

    std::string bytes_;
    size_t begin_ = 0;
    bool secret_;
};

}  // namespace seki::command
