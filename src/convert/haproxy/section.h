#pragma once

// A file of HAProxy as sections of lines of words.

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "convert/convert.h"

namespace seki::convert::haproxy {

struct Line {
    std::vector<std::string> words;
    Origin origin;
    // Whether something was made of it, or said of it; what was not is told at the end.
    mutable bool handled = false;

    [[nodiscard]] std::string_view word(size_t index) const {
        return index < words.size() ? std::string_view(words[index]) : std::string_view();
    }
    // Whether it begins with these words.
    [[nodiscard]] bool begins(std::string_view first, std::string_view second = {}) const {
        return word(0) == first && (second.empty() || word(1) == second);
    }
};

struct Section {
    Line head;
    std::vector<Line> lines;
    const Section* defaults = nullptr;

    [[nodiscard]] std::string_view kind() const { return head.word(0); }
    [[nodiscard]] std::string_view name() const { return head.word(1); }

    // The last line that begins so, else that of the defaults. What is found counts as handled, with those before it.
    [[nodiscard]] const Line* find(std::string_view first, std::string_view second = {}) const;
    [[nodiscard]] std::vector<const Line*> all(std::string_view first, std::string_view second = {}) const;
    // "option X" without a "no option X" behind it.
    [[nodiscard]] const Line* option(std::string_view name) const;
};

Result<std::vector<std::unique_ptr<Section>>> read_sections(const std::string& path, const Files& files,
                                                            Remarks& remarks);

}  // namespace seki::convert::haproxy
