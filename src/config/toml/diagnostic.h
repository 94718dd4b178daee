#pragma once

// What is to be said about a place in a file, and the list of all that was found in one.

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

    // "seki.toml:12: listeners[0].front_timeout: 0 s is not within 1 and 86400 s"
    [[nodiscard]] std::string text() const;
};

// A place in a file: where a key or a table was written.
struct Place {
    uint32_t line = 0;
    std::string key;
};

class Diagnostics {
public:
    explicit Diagnostics(std::string_view file) : file_(file) {}

    template <typename... Args>
    void refuse(const Place& place, fmt::format_string<Args...> format, Args&&... args) {
        has_errors_ = true;
        remember(Severity::error, place, fmt::format(format, std::forward<Args>(args)...));
    }
    template <typename... Args>
    void warn(const Place& place, fmt::format_string<Args...> format, Args&&... args) {
        remember(Severity::warning, place, fmt::format(format, std::forward<Args>(args)...));
    }

    [[nodiscard]] bool has_errors() const noexcept { return has_errors_; }

    // In the order of the lines.
    std::vector<Diagnostic> take();

private:
    void remember(Severity severity, const Place& place, std::string reason) {
        by_line_.emplace(place.line, Diagnostic{severity, file_, place.line, place.key, std::move(reason)});
    }

    std::string file_;
    std::multimap<uint32_t, Diagnostic> by_line_;  // those of one line in the order in which they were found
    bool has_errors_ = false;
};

// One line for each, warnings marked as such.
std::string text(const std::vector<Diagnostic>& diagnostics);

}  // namespace seki::config
