#include "config/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ranges>

#include "base/utf8.h"

namespace seki::config {
namespace {

constexpr size_t max_log_filter_size = 4096;

constexpr std::array<std::string_view, 6> log_levels{"off", "error", "warn", "info", "debug", "trace"};

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

bool is_blank(char c) { return c == ' ' || c == '\t'; }

}  // namespace

bool is_utf8(std::string_view text) { return seki::is_utf8(text); }

bool has_control(std::string_view text) { return std::ranges::any_of(text, is_control); }

bool is_token(std::string_view text) {
    constexpr std::string_view punctuation = "!#$%&'*+-.^_`|~";
    return !text.empty() &&
           std::ranges::all_of(text, [&](char c) { return is_alphanumeric(c) || punctuation.contains(c); });
}

bool is_field_value(std::string_view text) {
    if (text.empty()) return true;
    if (is_blank(text.front()) || is_blank(text.back())) return false;
    return std::ranges::none_of(text, [](char c) { return is_control(c) && c != '\t'; });
}

bool is_alphanumeric(char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z'); }

std::string lower_case(std::string_view text) {
    std::string lowered(text);
    for (char& c : lowered) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    }
    return lowered;
}

std::string_view why_no_log_filter(std::string_view filter) {
    if (filter.size() > max_log_filter_size) return "it is longer than 4096 characters";
    if (std::ranges::count(filter, '/') > 1) return "it has more than one '/'";
    filter = filter.substr(0, filter.find('/'));
    for (const auto part : std::views::split(filter, ',')) {
        const std::string_view directive(part.begin(), part.end());
        const size_t equals = directive.find('=');
        const std::string level = lower_case(equals == directive.npos ? directive : directive.substr(equals + 1));
        if (equals == 0) return "a directive has no module before its '='";
        if (std::ranges::find(log_levels, level) == log_levels.end()) {
            return "the levels are off, error, warn, info, debug and trace, as 'level' or 'module=level'";
        }
    }
    return {};
}

}  // namespace seki::config
