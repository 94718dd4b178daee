#pragma once

// One object of JSON on one line, while it is written: into a window of fixed size, no allocation. Text is escaped
// (RFC 8259 §7), and cut where it is too long; what is not UTF-8 becomes U+FFFD. A member for which there is no room is
// left out, so that the line is an object whatever came from outside.

#include <cstdint>
#include <string_view>

#include "base/clock.h"
#include "observe/line.h"

namespace seki::observe {

class JsonLine {
public:
    explicit JsonLine(LineWriter& line) noexcept : line_(line) { line_.add('{'); }

    // Names are ours: they need no escapes. An empty text is left out.
    void text(std::string_view name, std::string_view value, size_t limit = SIZE_MAX) noexcept;
    void number(std::string_view name, uint64_t value) noexcept;
    void seconds(std::string_view name, Duration time) noexcept;  // with six decimals
    void flag(std::string_view name, bool value) noexcept;

    // What is said until close() is of an object within this one. The name may come from outside.
    void open(std::string_view name) noexcept;
    void close() noexcept;
    void end() noexcept;

private:
    // Ends all open objects, and the line.
    static constexpr size_t last_bytes = 4;

    bool begin_member(std::string_view name, size_t value_size) noexcept;
    void escaped(std::string_view text, size_t limit) noexcept;

    LineWriter& line_;
    bool first_ = true;
    bool skipping_ = false;  // there was no room for the object that is open
};

}  // namespace seki::observe
