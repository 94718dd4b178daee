#pragma once

// Names of hosts in the file. Only addresses of backends may have them, and they are looked up while the file is read,
// once each: what runs knows addresses.

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace seki::config {

struct HostAddress {
    std::string host;
    uint16_t port = 0;
};
// "host:port" with a name of a host; nothing for whatever else it is, an address in numbers above all. What ends in a
// number is none: 1.2.3, 010.0.0.1 and 0x7f.1 are other spellings of addresses, which differ by who reads them.
std::optional<HostAddress> parse_host_address(std::string_view text);

}  // namespace seki::config
