#pragma once

// Regular expressions as rules use them: a match is one of the whole text, `.` is any byte, texts and patterns are
// bytes (a "é" in a pattern is the two bytes that it is written with). RE2 takes time linear in the text whatever the
// pattern, and a bounded amount of memory.

#include <absl/container/inlined_vector.h>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace re2 {
class RE2;
}

namespace seki::routing {

enum class Letters : uint8_t { as_written, any_case };

class Regex {
public:
    // A match takes time in proportion to the length of the text, and at worst to the steps of the program too; a UUID
    // takes 40.
    static constexpr int max_program_steps = 4096;
    // Of the program and the states that come into being while texts pass; RE2 spends most of it only on patterns that
    // need it.
    static constexpr int64_t max_memory = 256 << 10U;
    // So that captures fit into an array.
    static constexpr size_t max_groups = 31;

    static Result<Regex> compile(std::string_view pattern, Letters letters);

    Regex() noexcept;  // none: neither matches nor has a pattern
    Regex(Regex&&) noexcept;
    Regex& operator=(Regex&&) noexcept;
    ~Regex();

    [[nodiscard]] bool matches(std::string_view text) const noexcept;
    [[nodiscard]] std::string_view pattern() const noexcept;
    [[nodiscard]] size_t groups() const noexcept;
    // The groups of the match of `text`, from the first one on, as far as `out` has room; a group that took no part is
    // empty.
    void capture(std::string_view text, std::span<std::string_view> out) const noexcept;

private:
    // What stands around the pattern in what RE2 compiles; see regex.cpp.
    struct Marks {
        bool begin = false;
        bool one_pass = false;
    };
    Regex(std::unique_ptr<const re2::RE2> compiled, Marks marks) noexcept;

    std::unique_ptr<const re2::RE2> compiled_;
    Marks marks_;
};

}  // namespace seki::routing
