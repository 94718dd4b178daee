#pragma once

// Ranges of IP addresses as operators write them (CIDR, RFC 4632 §3.1): one network as a value, and a set of them that
// is asked for every request of a rule with an allow or deny list, or for every connection from a proxy.

#include <compare>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip_address.h"
#include "base/result.h"

namespace seki {

class Network {
public:
    // 0.0.0.0/32
    Network() = default;

    // "192.0.2.0/24", "2001:db8::/32", or one address. Bits beyond the prefix are refused: whoever writes 192.0.2.7/24
    // meant either one host or a whole network. Within ::ffff:0:0/96 the network is one of IPv4.
    static Result<Network> parse(std::string_view text);

    // The one of this size that the address is in; beyond the address's own size, the address alone.
    static Network around(const IpAddress& address, uint8_t prefix) noexcept;

    [[nodiscard]] const IpAddress& address() const noexcept { return address_; }
    [[nodiscard]] uint8_t prefix() const noexcept { return prefix_; }
    // Addresses of the other family are in no network, 0.0.0.0/0 and ::/0 included.
    [[nodiscard]] bool contains(const IpAddress& address) const noexcept;
    [[nodiscard]] bool contains(const Network& other) const noexcept {
        return other.prefix_ >= prefix_ && contains(other.address_);
    }
    // "192.0.2.0/24"; one address stands alone.
    [[nodiscard]] std::string text() const;

    // A network comes directly before those within it.
    auto operator<=>(const Network&) const = default;

private:
    Network(const IpAddress& address, uint8_t prefix) noexcept : address_(address), prefix_(prefix) {}

    IpAddress address_;
    uint8_t prefix_ = 32;
};

// Two networks are nested or disjoint, so that of a sorted set without nested ones only a single network can contain a
// given address: the last one that does not begin behind it.
class NetworkSet {
public:
    NetworkSet() = default;
    explicit NetworkSet(std::span<const Network> networks);

    [[nodiscard]] bool empty() const noexcept { return outermost_.empty(); }
    [[nodiscard]] bool contains(const IpAddress& address) const noexcept;

private:
    std::vector<Network> outermost_;  // sorted
};

}  // namespace seki
