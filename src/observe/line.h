#pragma once

// One line of a log while it is written: bytes into a window of fixed size, no allocation. What does not fit is cut.
// What came from outside goes through one of the escaping functions, so that nobody can forge a line or speak to a
// terminal.

#include <cstdint>
#include <cstring>
#include <span>
#include <string_view>
#include <unistd.h>

#include "base/clock.h"

namespace seki::observe {

class LineWriter {
public:
    explicit LineWriter(std::span<char> window) noexcept
        : begin_(window.data()), cursor_(window.data()), end_(window.data() + window.size()) {}

    [[nodiscard]] size_t size() const noexcept { return static_cast<size_t>(cursor_ - begin_); }
    [[nodiscard]] size_t room() const noexcept { return static_cast<size_t>(end_ - cursor_); }
    [[nodiscard]] std::string_view text() const noexcept { return {begin_, size()}; }

    void add(char c) noexcept {
        if (cursor_ != end_) *cursor_++ = c;
    }
    void add(std::string_view text) noexcept {
        const size_t take = text.size() < room() ? text.size() : room();
        if (take != 0) memcpy(cursor_, text.data(), take);
        cursor_ += take;
    }
    void add_number(uint64_t value) noexcept;
    void add_digits(uint64_t value, int digits) noexcept;  // with leading zeros

    // Our own or the operator's text: control bytes become \xNN, all else stays, UTF-8 too.
    void add_printable(std::string_view text) noexcept;
    // A client's text that stands between spaces: whatever is not visible ASCII becomes \xNN, the backslash too. Writes
    // at most `limit` bytes.
    void add_word(std::string_view text, size_t limit) noexcept;

    // Ends the line; the last byte is always free for that as long as `window` had one.
    void end_line() noexcept {
        if (cursor_ == end_ && cursor_ != begin_) --cursor_;
        add('\n');
    }

private:
    void add_escaped(char c) noexcept;

    char* begin_;
    char* cursor_;
    char* end_;
};

// How every line of a process begins: "2026-03-04T10:11:12.345678Z 1772619072345678901 4242 ", and the tag of the
// process. The text for one moment is kept: all lines of one turn of the loop share it.
class LineHead {
public:
    // `tag`: MAIN, WRK-00; at most max_tag_size characters are kept.
    explicit LineHead(std::string_view tag, pid_t pid = ::getpid()) noexcept;

    // Up to and with the tab. `level` as the line shows it: "INFO ", "ERROR-ACCESS".
    void write(LineWriter& line, WallTime now, std::string_view level) noexcept;
    // "2026-03-04T10:11:12.345678Z", good until the next call.
    std::string_view time(WallTime now) noexcept {
        if (now != at_) renew(now);
        return {stamp_, sizeof date_ + 7};
    }
    [[nodiscard]] std::string_view tag() const noexcept { return {tag_, tag_size_}; }

    static constexpr size_t max_tag_size = 31;

private:
    void renew(WallTime now) noexcept;

    char tag_[max_tag_size];
    uint8_t tag_size_;
    pid_t pid_;
    WallTime at_{WallTime::min()};
    int64_t second_ = INT64_MIN;
    char date_[20];  // "2026-03-04T10:11:12."
    char stamp_[80];
    size_t stamp_size_ = 0;
};

}  // namespace seki::observe
