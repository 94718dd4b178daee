#pragma once

// Values that both formats write alike.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace seki::convert {

// "30s", "1h 30m", "500ms", or a number alone, of so many milliseconds. Whole seconds, rounded up, from 1 to 86400.
std::optional<uint32_t> seconds_of(std::string_view text, uint64_t unit_ms);
// "8m", "16k", "1g" or bytes.
std::optional<uint64_t> bytes_of(std::string_view text);
std::optional<uint64_t> number_of(std::string_view text);

// "192.0.2.1:80", "[2001:db8::1]:80", "host:80" in parts.
struct HostPort {
    std::string host;  // an IPv6 address without its brackets
    std::optional<uint16_t> port;
};
std::optional<HostPort> host_port(std::string_view text);
// The other way round.
std::string address_of(std::string_view host, uint16_t port);

std::vector<std::string> words_of(std::string_view text);

}  // namespace seki::convert
