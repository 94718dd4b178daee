#include "convert/values.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

namespace seki::convert {
namespace {

constexpr std::string_view blanks = " \t\r\n";

// The digits that the text begins with, taken from it.
std::optional<uint64_t> take_number(std::string_view& text) {
    uint64_t number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc()) return {};
    text.remove_prefix(static_cast<size_t>(end - text.data()));
    return number;
}

std::optional<uint64_t> take_unit(std::string_view& text, uint64_t none) {
    struct Unit {
        std::string_view name;
        uint64_t milliseconds;
    };
    constexpr Unit units[] = {{"us", 0},       {"ms", 1},        {"s", 1'000},     {"m", 60'000},
                              {"h", 3600'000}, {"d", 86400'000}, {"w", 604800'000}};
    const size_t size = std::min(text.find_first_of("0123456789 "), text.size());
    const std::string_view name = text.substr(0, size);
    text.remove_prefix(size);
    if (name.empty()) return none;
    const auto* found = std::ranges::find(units, name, &Unit::name);
    return found == std::end(units) ? std::nullopt : std::optional(found->milliseconds);
}

}  // namespace

std::optional<uint32_t> seconds_of(std::string_view text, uint64_t unit_ms) {
    constexpr uint64_t most_ms = 86400'000;
    uint64_t sum = 0;
    if (text.empty()) return {};
    while (!text.empty()) {
        const auto number = take_number(text);
        const auto unit = number ? take_unit(text, unit_ms) : std::nullopt;
        if (!unit) return {};
        sum = *number > most_ms ? most_ms : std::min(most_ms, sum + *number * *unit);
        text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
    }
    return static_cast<uint32_t>(std::max<uint64_t>(1, (sum + 999) / 1000));
}

std::optional<uint64_t> bytes_of(std::string_view text) {
    const auto number = take_number(text);
    if (!number || *number > (uint64_t{1} << 40U)) return {};
    if (text.empty()) return number;
    if (text.size() != 1) return {};
    switch (text.front() | 0x20) {
        case 'k':
            return *number << 10U;
        case 'm':
            return *number << 20U;
        case 'g':
            return *number << 30U;
        default:
            return {};
    }
}

std::optional<uint64_t> number_of(std::string_view text) {
    const auto number = take_number(text);
    return text.empty() ? number : std::nullopt;
}

std::optional<HostPort> host_port(std::string_view text) {
    HostPort found;
    std::string_view port;
    if (text.starts_with('[')) {
        const size_t close = text.find(']');
        if (close == std::string_view::npos) return {};
        found.host = text.substr(1, close - 1);
        port = text.substr(close + 1);
        if (!port.empty() && !port.starts_with(':')) return {};
    } else {
        const size_t colon = text.rfind(':');
        found.host = text.substr(0, colon);
        port = colon == std::string_view::npos ? std::string_view() : text.substr(colon);
    }
    if (port.empty()) return found;
    const auto number = number_of(port.substr(1));
    if (!number || *number == 0 || *number > 65535) return {};
    found.port = static_cast<uint16_t>(*number);
    return found;
}

std::string address_of(std::string_view host, uint16_t port) {
    return host.contains(':') ? fmt::format("[{}]:{}", host, port) : fmt::format("{}:{}", host, port);
}

std::vector<std::string> words_of(std::string_view text) {
    std::vector<std::string> words;
    for (size_t begin = text.find_first_not_of(blanks); begin != std::string_view::npos;) {
        const size_t end = std::min(text.find_first_of(blanks, begin), text.size());
        words.emplace_back(text.substr(begin, end - begin));
        begin = text.find_first_not_of(blanks, end);
    }
    return words;
}

}  // namespace seki::convert
