#pragma once

// The fields that are added to one head, in their order, and the bytes of those that are made up for it. One per worker
// (Context), used for one head at a time: from clear() until the codec has written them. Nothing is allocated.
//
// Both kinds of room are bounded. What does not fit sets overflow(), and the head is not sent: a message that lacks a
// field which somebody relies on is worse than none.

#include <array>
#include <initializer_list>
#include <span>
#include <string_view>

#include "http/message.h"

namespace seki::proxy {

class AddedFields {
public:
    // What Seki adds of its own, and the most edits that a frontend may have.
    static constexpr size_t max_fields = 16 + 64;
    // A rewritten target, a location, lists that are continued, a cookie field without its sticky cookie.
    static constexpr size_t max_text_bytes = 32 * 1024;

    void clear() noexcept {
        count_ = 0;
        used_ = 0;
        overflow_ = false;
    }
    // Both must live as long as the head is not written.
    void push(std::string_view name, std::string_view value) noexcept {
        if (count_ == max_fields) {
            overflow_ = true;
            return;
        }
        fields_.data()[count_++] = {name, value};
    }
    // Takes out what has that name.
    void remove(std::string_view name) noexcept;
    // Keeps the parts, one after the other, as one text.
    std::string_view store(std::initializer_list<std::string_view> parts) noexcept;
    // Keeps what `write` writes: it gets room for that many bytes, and returns the end of what it wrote.
    template <typename Write>
    std::string_view store(size_t most, Write write) noexcept {
        if (most > text_.size() - used_) {
            overflow_ = true;
            return {};
        }
        char* const begin = text_.data() + used_;
        const std::string_view stored(begin, static_cast<char*>(write(begin)));
        used_ += stored.size();
        return stored;
    }

    [[nodiscard]] std::span<const http::AddedField> all() const noexcept { return {fields_.data(), count_}; }
    [[nodiscard]] bool overflow() const noexcept { return overflow_; }

private:
    std::array<http::AddedField, max_fields> fields_;
    size_t count_ = 0;
    std::array<char, max_text_bytes> text_;
    size_t used_ = 0;
    bool overflow_ = false;
};

}  // namespace seki::proxy
