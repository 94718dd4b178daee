#include "observe/line.h"

#include <algorithm>
#include <array>
#include <ctime>

namespace seki::observe {

namespace {

constexpr char hex[] = "0123456789ABCDEF";

constexpr bool is_control(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7F;
}

constexpr std::array<bool, 256> make_word_bytes() noexcept {
    std::array<bool, 256> bytes{};
    for (size_t byte = 0x21; byte < 0x7F; ++byte) bytes[byte] = byte != '\\';
    return bytes;
}
constexpr std::array<bool, 256> word_bytes = make_word_bytes();

constexpr bool is_word(char c) noexcept { return word_bytes[static_cast<unsigned char>(c)]; }

}  // namespace

void LineWriter::add_number(uint64_t value) noexcept {
    char digits[20];
    size_t at = sizeof digits;
    do {
        digits[--at] = static_cast<char>('0' + value % 10);
        value /= 10;
    } while (value != 0);
    add(std::string_view(digits + at, sizeof digits - at));
}

void LineWriter::add_digits(uint64_t value, int digits) noexcept {
    char text[20];
    const auto size = static_cast<size_t>(digits);
    for (size_t at = size; at-- > 0;) {
        text[at] = static_cast<char>('0' + value % 10);
        value /= 10;
    }
    add(std::string_view(text, size));
}

void LineWriter::add_escaped(char c) noexcept {
    const auto byte = static_cast<unsigned char>(c);
    const char escape[] = {'\\', 'x', hex[byte >> 4U], hex[byte & 15U]};
    if (room() >= sizeof escape) add(std::string_view(escape, sizeof escape));
}

void LineWriter::add_printable(std::string_view text) noexcept {
    while (!text.empty()) {
        const auto bad = std::find_if(text.begin(), text.end(), is_control);
        const auto plain = static_cast<size_t>(bad - text.begin());
        add(text.substr(0, plain));
        if (plain == text.size()) return;
        add_escaped(text[plain]);
        text.remove_prefix(plain + 1);
    }
}

void LineWriter::add_word(std::string_view text, size_t limit) noexcept {
    char* const stop = limit < room() ? cursor_ + limit : end_;
    for (const char c : text) {
        if (is_word(c)) {
            if (cursor_ == stop) return;
            *cursor_++ = c;
        } else {
            if (stop - cursor_ < 4) return;
            add_escaped(c);
        }
    }
}

LineHead::LineHead(std::string_view tag, pid_t pid) noexcept
    : tag_size_(static_cast<uint8_t>(std::min(tag.size(), max_tag_size))), pid_(pid) {
    memcpy(tag_, tag.data(), tag_size_);
}

void LineHead::write(LineWriter& line, WallTime now, std::string_view level) noexcept {
    if (now != at_) renew(now);
    line.add(std::string_view(stamp_, stamp_size_));
    line.add(level);
    line.add(' ');
    line.add(tag());
    line.add('\t');
}

void LineHead::renew(WallTime now) noexcept {
    at_ = now;
    const auto since_epoch = std::max<int64_t>(now.time_since_epoch().count(), 0);
    const int64_t second = since_epoch / 1'000'000'000;
    if (second != second_) {
        second_ = second;
        const time_t seconds = second;
        tm parts{};
        gmtime_r(&seconds, &parts);
        LineWriter date{std::span(date_)};
        date.add_digits(static_cast<uint64_t>(parts.tm_year) + 1900, 4);
        const struct {
            char before;
            int value;
        } rest[] = {{'-', parts.tm_mon + 1},
                    {'-', parts.tm_mday},
                    {'T', parts.tm_hour},
                    {':', parts.tm_min},
                    {':', parts.tm_sec}};
        for (const auto& part : rest) {
            date.add(part.before);
            date.add_digits(static_cast<uint64_t>(part.value), 2);
        }
        date.add('.');
    }
    LineWriter stamp{std::span(stamp_)};
    stamp.add(std::string_view(date_, sizeof date_));
    stamp.add_digits(static_cast<uint64_t>(since_epoch % 1'000'000'000 / 1000), 6);
    stamp.add("Z ");
    stamp.add_number(static_cast<uint64_t>(since_epoch));
    stamp.add(' ');
    stamp.add_number(static_cast<uint64_t>(pid_));
    stamp.add(' ');
    stamp_size_ = stamp.size();
}

}  // namespace seki::observe
