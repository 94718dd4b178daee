#pragma once

// What is to be said about a place in a file, and the list of all that was found in one. Lines and columns count from
// 1, columns in characters.

#include <cstdint>
#include <fmt/format.h>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace seki::config {

enum class Severity : uint8_t {
    error,    // the file is refused
    warning,  // it is taken, but something in it is not as it should be
};

struct Diagnostic {
    Severity severity = Severity::error;
    std::string file;
    uint32_t line = 0;  // from 1; 0 concerns the file as a whole
    std::string key;    // "clusters.shop.frontends[0].hostname"
    std::string reason;
    uint32_t column = 0;       // where in the line what is meant begins; 0 concerns the line as a whole
    uint32_t width = 0;        // how many characters it has; 0: as many as the line still has
    std::string written{};     // the line as it stands in the file; empty where it is not to be shown
    std::string suggestion{};  // what to write in place of what is marked; empty when there is nothing near

    // For logs, in one line: "seki.toml:12: listeners[0].front_timeout: 0 s is not within 1 and 86400 s"
    [[nodiscard]] std::string text() const;
    // For people who are to correct it, with the line and what is wrong in it; ends with a line feed:
    //
    //   error: seki.toml:12:17: listeners[0].front_timeout: 0 s is not within 1 and 86400 s
    //     12 | front_timeout = 0
    //        |                 ^
    [[nodiscard]] std::string shown() const;
};

// A place in a file: where a key, its value or a table was written.
struct Place {
    uint32_t line = 0;
    std::string key;
    uint32_t column = 0;
    uint32_t width = 0;
};

class Diagnostics {
public:
    // `text`: of the file, good until take(); lines of it are shown.
    explicit Diagnostics(std::string_view file, std::string_view text = {}) : file_(file), text_(text) {}

    template <typename... Args>
    void refuse(const Place& place, fmt::format_string<Args...> format, Args&&... args) {
        refuse_for(place, {}, fmt::format(format, std::forward<Args>(args)...));
    }
    // `suggestion`: what was probably meant.
    void refuse_for(const Place& place, std::string_view suggestion, std::string reason) {
        has_errors_ = true;
        remember(Severity::error, place, std::move(reason), suggestion);
    }
    template <typename... Args>
    void warn(const Place& place, fmt::format_string<Args...> format, Args&&... args) {
        remember(Severity::warning, place, fmt::format(format, std::forward<Args>(args)...));
    }

    [[nodiscard]] bool has_errors() const noexcept { return has_errors_; }

    // In the order of the lines.
    std::vector<Diagnostic> take();

private:
    void remember(Severity severity, const Place& place, std::string reason, std::string_view suggestion = {});

    std::string file_;
    std::string_view text_;
    std::multimap<uint32_t, Diagnostic> by_line_;  // those of one line in the order in which they were found
    bool has_errors_ = false;
};

// All of them as shown().
std::string text(const std::vector<Diagnostic>& diagnostics);

}  // namespace seki::config
