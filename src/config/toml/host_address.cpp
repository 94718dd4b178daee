#include "config/toml/host_address.h"

#include <algorithm>
#include <charconv>

#include "config/limits.h"
#include "config/text.h"

namespace seki::config {
namespace {

constexpr size_t max_host_size = 253;  // RFC 1035 §2.3.4, without the dot of the root

bool is_digit(char c) { return c >= '0' && c <= '9'; }

// A last label that is read as a number (as the URL Standard has it, "ends in a number").
bool ends_in_number(std::string_view host) {
    if (host.ends_with('.')) host.remove_suffix(1);
    const std::string_view last = host.substr(host.rfind('.') + 1);
    return last.starts_with("0x") || last.starts_with("0X") || std::ranges::all_of(last, is_digit);
}

bool is_host_name(std::string_view host) {
    const auto allowed = [](char c) { return is_alphanumeric(c) || c == '-' || c == '_' || c == '.'; };
    if (host.empty() || host.size() > max_host_size || !std::ranges::all_of(host, allowed)) return false;
    return !host.starts_with('.') && !host.starts_with('-') && !host.contains("..") && !ends_in_number(host);
}

}  // namespace

std::optional<HostAddress> parse_host_address(std::string_view text) {
    const size_t colon = text.rfind(':');
    if (colon == text.npos || !is_host_name(text.substr(0, colon))) return std::nullopt;
    const std::string_view digits = text.substr(colon + 1);
    HostAddress address{std::string(text.substr(0, colon)), 0};
    const char* const end = digits.data() + digits.size();
    const auto [stop, error] = std::from_chars(digits.data(), end, address.port);
    if (error != std::errc() || stop != end || address.port == 0) return std::nullopt;
    return address;
}

}  // namespace seki::config
