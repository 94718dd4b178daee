#include "observe/log.h"

#include <algorithm>
#include <fmt/format.h>
#include <optional>
#include <ranges>

#include "base/ascii.h"

namespace seki::observe {

namespace {

constexpr std::array<std::string_view, 6> level_names{"off", "error", "warn", "info", "debug", "trace"};
constexpr std::array<std::string_view, 6> level_marks{"     ", "ERROR", "WARN ", "INFO ", "DEBUG", "TRACE"};
constexpr std::array<std::string_view, 6> level_colours{"", "\x1b[31m", "\x1b[33m", "\x1b[32m", "\x1b[34m", "\x1b[90m"};
constexpr std::string_view plain = "\x1b[0m";

std::optional<Level> parse_level(std::string_view text) noexcept {
    for (size_t level = 0; level < level_names.size(); ++level) {
        if (std::ranges::equal(text, level_names[level], {}, lower)) return static_cast<Level>(level);
    }
    return std::nullopt;
}

// "seki::proxy" and "seki_proxy" are the same.
std::string module_prefix(std::string_view text) {
    std::string prefix;
    for (size_t i = 0; i < text.size(); ++i) {
        if (text.substr(i).starts_with("::")) {
            prefix += '_';
            ++i;
        } else {
            prefix += text[i];
        }
    }
    return prefix;
}

// "proxy" means what "seki_proxy" does.
bool is_named(std::string_view module, const std::string& prefix) {
    return module.starts_with(prefix) || module.ends_with("_" + prefix);
}

auto directives(std::string_view text) { return std::views::split(text.substr(0, text.find('/')), ','); }

}  // namespace

Result<LogFilter> LogFilter::parse(std::string_view text) {
    LogFilter filter;
    std::array<size_t, module_count> length_of_best{};
    filter.levels_.fill(text.empty() ? Level::error : Level::off);
    for (const auto part : directives(text)) {
        const std::string_view directive(part.begin(), part.end());
        const size_t equals = directive.find('=');
        const bool for_all = equals == std::string_view::npos;
        const auto level = parse_level(for_all ? directive : directive.substr(equals + 1));
        if (!level || equals == 0) {
            return failure(
                "log filter: '{}' is neither LEVEL nor MODULE=LEVEL with a level of off, error, warn, info, debug, "
                "trace",
                directive);
        }
        const std::string prefix = for_all ? "" : module_prefix(directive.substr(0, equals));
        for (size_t module = 0; module < module_count; ++module) {
            if (!is_named(module_names[module], prefix) || prefix.size() < length_of_best[module]) continue;
            length_of_best[module] = prefix.size();
            filter.levels_[module] = *level;
        }
    }
    return filter;
}

std::vector<std::string> LogFilter::unknown_modules(std::string_view text) {
    std::vector<std::string> unknown;
    for (const auto part : directives(text)) {
        const std::string_view directive(part.begin(), part.end());
        const size_t equals = directive.find('=');
        if (equals == std::string_view::npos) continue;
        const std::string prefix = module_prefix(directive.substr(0, equals));
        const auto named = [&](std::string_view module) { return is_named(module, prefix); };
        if (std::ranges::none_of(module_names, named)) unknown.emplace_back(directive.substr(0, equals));
    }
    return unknown;
}

Result<> Log::set_filter(std::string_view text) {
    const auto filter = LogFilter::parse(text);
    if (!filter) return std::unexpected(filter.error());
    filter_ = *filter;
    return {};
}

void Log::write(Level level, fmt::string_view format, fmt::format_args args) {
    const WallTime now = clock_.wall();
    const std::span<char> window = sink_.open_line(now);
    if (window.empty()) return;
    const auto index = static_cast<size_t>(level);
    char message[LogSink::max_line_size];
    const size_t wanted = fmt::vformat_to_n(message, sizeof message, format, args).size;
    LineWriter line(window);
    head_.write(line, now, level_marks[index]);
    if (coloured_) line.add(level_colours[index]);
    line.add_printable({message, std::min(wanted, sizeof message)});
    if (coloured_) line.add(plain);
    line.end_line();
    sink_.close_line(line.size());
}

}  // namespace seki::observe
