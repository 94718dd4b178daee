#include "config/text.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <ranges>

namespace seki::config {
namespace {

constexpr size_t max_log_filter_size = 4096;

constexpr std::array<std::string_view, 6> log_levels{"off", "error", "warn", "info", "debug", "trace"};

bool is_control(char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }

bool is_blank(char c) { return c == ' ' || c == '\t'; }

// How many bytes the sequence that begins here has, and the smallest code point that needs so many; 0 for no beginning.
struct Lead {
    size_t size;
    uint32_t smallest;
    uint32_t bits;
};

Lead lead(unsigned char byte) {
    if (byte < 0x80) return {1, 0, byte};
    if (byte >= 0xC2 && byte <= 0xDF) return {2, 0x80, byte & 0x1FU};
    if (byte >= 0xE0 && byte <= 0xEF) return {3, 0x800, byte & 0x0FU};
    if (byte >= 0xF0 && byte <= 0xF4) return {4, 0x10000, byte & 0x07U};
    return {0, 0, 0};
}

}  // namespace

bool is_utf8(std::string_view text) {
    for (size_t i = 0; i < text.size();) {
        const Lead first = lead(static_cast<unsigned char>(text[i]));
        if (first.size == 0 || text.size() - i < first.size) return false;
        uint32_t point = first.bits;
        for (size_t n = 1; n < first.size; ++n) {
            const auto byte = static_cast<unsigned char>(text[i + n]);
            if ((byte & 0xC0U) != 0x80U) return false;
            point = (point << 6U) | (byte & 0x3FU);
        }
        const bool surrogate = point >= 0xD800 && point <= 0xDFFF;
        if (point < first.smallest || point > 0x10FFFF || surrogate) return false;
        i += first.size;
    }
    return true;
}

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
