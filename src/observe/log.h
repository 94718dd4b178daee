#pragma once

// Lines for the operator, about the software itself. A Log is handed to whoever has something to say; there is no
// global one. Whether a line is wanted is one load and one compare, before anything is formatted; a line that is wanted
// is formatted on the stack and goes to the sink.
//
//     log.info(Module::worker, "listener {} is active", address);
//     2026-03-04T10:11:12.345678Z 1772619072345678901 4242 INFO  WRK-01⇥listener 192.0.2.1:80 is active

#include <array>
#include <cstdint>
#include <fmt/core.h>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "base/result.h"
#include "observe/line.h"
#include "observe/log_sink.h"

namespace seki::observe {

enum class Level : uint8_t { off, error, warn, info, debug, trace };

// Who speaks; in filters "seki_<name>" or "seki::<name>". `access` are the lines of the access log.
enum class Module : uint8_t { supervisor, worker, command, config, proxy, net, tls, backend, access };
inline constexpr auto module_names =
    std::to_array<std::string_view>({"seki_supervisor", "seki_worker", "seki_command", "seki_config", "seki_proxy",
                                     "seki_net", "seki_tls", "seki_backend", "seki_access"});
inline constexpr size_t module_count = module_names.size();

// Which lines are wanted: "info", or "info,seki_proxy=debug,seki_net=off". A directive is for all modules whose name
// begins with its own ("seki" is for all); the longest one counts. Modules that no directive names are off; no
// directive at all means "error". What follows a '/' is allowed and means nothing.
class LogFilter {
public:
    LogFilter() noexcept { levels_.fill(Level::info); }
    static Result<LogFilter> parse(std::string_view text);
    // What the directives of a filter name that is no module; they say nothing to anybody.
    static std::vector<std::string> unknown_modules(std::string_view text);

    [[nodiscard]] bool wants(Level level, Module module) const noexcept {
        return level <= levels_[static_cast<size_t>(module)];
    }

private:
    std::array<Level, module_count> levels_;
};

class Log {
public:
    // All outlive the log.
    Log(LogSink& sink, LineHead& head, const Clock& clock) noexcept : sink_(sink), head_(head), clock_(clock) {}

    // At run time too. On failure the old filter stays.
    Result<> set_filter(std::string_view text);
    void set_coloured(bool coloured) noexcept { coloured_ = coloured; }

    [[nodiscard]] bool wants(Level level, Module module) const noexcept { return filter_.wants(level, module); }
    [[nodiscard]] LogSink& sink() noexcept { return sink_; }

    template <typename... Args>
    void error(Module module, fmt::format_string<Args...> format, Args&&... args) {
        if (wants(Level::error, module)) write(Level::error, format, fmt::make_format_args(args...));
    }
    template <typename... Args>
    void warn(Module module, fmt::format_string<Args...> format, Args&&... args) {
        if (wants(Level::warn, module)) write(Level::warn, format, fmt::make_format_args(args...));
    }
    template <typename... Args>
    void info(Module module, fmt::format_string<Args...> format, Args&&... args) {
        if (wants(Level::info, module)) write(Level::info, format, fmt::make_format_args(args...));
    }
    template <typename... Args>
    void debug(Module module, fmt::format_string<Args...> format, Args&&... args) {
        if (wants(Level::debug, module)) write(Level::debug, format, fmt::make_format_args(args...));
    }
    template <typename... Args>
    void trace(Module module, fmt::format_string<Args...> format, Args&&... args) {
        if (wants(Level::trace, module)) write(Level::trace, format, fmt::make_format_args(args...));
    }

private:
    void write(Level level, fmt::string_view format, fmt::format_args args);

    LogSink& sink_;
    LineHead& head_;
    const Clock& clock_;
    LogFilter filter_;
    bool coloured_ = false;
};

}  // namespace seki::observe
