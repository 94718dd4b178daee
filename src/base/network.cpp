#include "base/network.h"

#include <algorithm>
#include <charconv>
#include <optional>

namespace seki {
namespace {

constexpr unsigned mapped_bits = 96;  // of ::ffff:0:0/96, which stand before an IPv4 address (RFC 4291 §2.5.5.2)

unsigned bits_of(const IpAddress& address) noexcept { return address.is_v4() ? 32 : 128; }

// Whether the first `prefix` bits are equal.
bool share(const IpAddress& a, const IpAddress& b, unsigned prefix) noexcept {
    const size_t whole = prefix / 8;
    if (!std::equal(a.padded().begin(), a.padded().begin() + whole, b.padded().begin())) return false;
    if (prefix % 8 == 0) return true;
    const unsigned differing = a.padded()[whole] ^ b.padded()[whole];
    return differing >> (8 - prefix % 8) == 0;
}

IpAddress masked(const IpAddress& address, unsigned prefix) noexcept {
    std::array<uint8_t, 16> bytes = address.padded();
    for (size_t i = 0; i < bytes.size(); ++i) {
        const unsigned kept = prefix > 8 * i ? std::min<unsigned>(prefix - 8 * i, 8) : 0;
        bytes[i] = static_cast<uint8_t>(bytes[i] & (0xFF00U >> kept));
    }
    if (!address.is_v4()) return IpAddress::v6(bytes);
    return IpAddress::v4(uint32_t{bytes[0]} << 24U | uint32_t{bytes[1]} << 16U | uint32_t{bytes[2]} << 8U | bytes[3]);
}

std::optional<unsigned> parse_prefix(std::string_view text) noexcept {
    unsigned prefix = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), prefix);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return prefix;
}

}  // namespace

Result<Network> Network::parse(std::string_view text) {
    const size_t slash = text.find('/');
    const std::string_view host = text.substr(0, slash);
    const auto address = IpAddress::parse(host);
    if (!address) return failure("'{}' is no network: '{}' is not an IP address", text, host);
    if (slash == text.npos) return Network(*address, static_cast<uint8_t>(bits_of(*address)));

    const unsigned mapped = address->is_v4() && host.contains(':') ? mapped_bits : 0;
    const unsigned longest = bits_of(*address) + mapped;
    const auto prefix = parse_prefix(text.substr(slash + 1));
    if (!prefix || *prefix > longest || *prefix < mapped) {
        return failure("'{}' is no network: behind '/' there must be a number from {} to {}", text, mapped, longest);
    }
    const Network network(masked(*address, *prefix - mapped), static_cast<uint8_t>(*prefix - mapped));
    if (network.address_ != *address) {
        return failure("'{}' is no network: it has bits beyond its prefix; write {} or {}", text, network.text(),
                       address->text());
    }
    return network;
}

Network Network::around(const IpAddress& address, uint8_t prefix) noexcept {
    const unsigned size = std::min<unsigned>(prefix, bits_of(address));
    return {masked(address, size), static_cast<uint8_t>(size)};
}

bool Network::contains(const IpAddress& address) const noexcept {
    return address.is_v4() == address_.is_v4() && share(address, address_, prefix_);
}

std::string Network::text() const {
    return prefix_ == bits_of(address_) ? address_.text() : fmt::format("{}/{}", address_.text(), prefix_);
}

NetworkSet::NetworkSet(std::span<const Network> networks) {
    std::vector<Network> sorted(networks.begin(), networks.end());
    std::ranges::sort(sorted);
    for (const Network& network : sorted) {
        if (outermost_.empty() || !outermost_.back().contains(network)) outermost_.push_back(network);
    }
}

bool NetworkSet::contains(const IpAddress& address) const noexcept {
    const auto after = std::ranges::upper_bound(outermost_, address, {}, &Network::address);
    return after != outermost_.begin() && std::prev(after)->contains(address);
}

}  // namespace seki
