#include "net/address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

#include "base/check.h"

namespace seki {
namespace {

std::optional<uint16_t> parse_port(std::string_view text) {
    uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return port;
}

}  // namespace

Result<SocketAddress> SocketAddress::parse(std::string_view text) {
    const size_t colon = text.rfind(':');
    if (colon == text.npos) return failure("'{}' is no address: a port is missing (ip:port or [ip]:port)", text);
    std::string_view host = text.substr(0, colon);
    const std::optional<uint16_t> port = parse_port(text.substr(colon + 1));
    if (!port) return failure("'{}' is no address: the port must be a number from 0 to 65535", text);

    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
        const auto ip = host.contains(':') ? IpAddress::parse(host) : std::nullopt;
        if (!ip) return failure("'{}' is no address: '{}' is not IPv6", text, host);
        return SocketAddress(*ip, *port);
    }
    if (host.contains(':')) return failure("'{}' is no address: write IPv6 in brackets, [ip]:port", text);
    const auto ip = IpAddress::parse(host);
    if (!ip) {
        return failure("'{}' is no address: '{}' is not an IP address, and names are not resolved", text, host);
    }
    return SocketAddress(*ip, *port);
}

std::optional<SocketAddress> SocketAddress::from_kernel(const sockaddr_storage& from) noexcept {
    if (from.ss_family == AF_INET) {
        sockaddr_in in{};
        std::memcpy(&in, &from, sizeof in);
        return v4(ntohl(in.sin_addr.s_addr), ntohs(in.sin_port));
    }
    if (from.ss_family == AF_INET6) {
        sockaddr_in6 in{};
        std::memcpy(&in, &from, sizeof in);
        std::array<uint8_t, 16> ip{};
        std::memcpy(ip.data(), &in.sin6_addr, ip.size());
        return v6(ip, ntohs(in.sin6_port));
    }
    return std::nullopt;
}

socklen_t SocketAddress::to_kernel(sockaddr_storage& to) const noexcept {
    to = sockaddr_storage{};
    if (is_v4()) {
        sockaddr_in in{};
        in.sin_family = AF_INET;
        in.sin_port = htons(port_);
        std::memcpy(&in.sin_addr, ip_.padded().data(), sizeof in.sin_addr);
        std::memcpy(&to, &in, sizeof in);
        return sizeof in;
    }
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(port_);
    std::memcpy(&in.sin6_addr, ip_.padded().data(), sizeof in.sin6_addr);
    std::memcpy(&to, &in, sizeof in);
    return sizeof in;
}

bool SocketAddress::is_loopback() const noexcept {
    constexpr std::array<uint8_t, 16> v6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    return is_v4() ? ip()[0] == 127 : std::ranges::equal(ip(), v6);
}

size_t SocketAddress::write(char* out) const noexcept {
    char* end = out;
    if (!is_v4()) *end++ = '[';
    end += write_ip(end);
    if (!is_v4()) *end++ = ']';
    *end++ = ':';
    end = std::to_chars(end, end + 5, port_).ptr;
    return static_cast<size_t>(end - out);
}

std::string SocketAddress::text() const {
    std::array<char, max_text_size> buffer;
    return {buffer.data(), write(buffer.data())};
}

// Clients choose their addresses only within what they own, and tables keyed by address are bounded: mixing well is
// enough.
size_t SocketAddress::hash() const noexcept {
    std::array<uint64_t, 2> words{};
    std::memcpy(words.data(), ip_.padded().data(), sizeof words);
    uint64_t mixed = words[0] * 0x9E3779B97F4A7C15U + words[1];
    mixed = (mixed ^ (mixed >> 32U)) * 0xD6E8FEB86659FD93U + port_ + (is_v4() ? 0x10000U : 0U);
    mixed = (mixed ^ (mixed >> 32U)) * 0xD6E8FEB86659FD93U;
    return mixed ^ (mixed >> 32U);
}

}  // namespace seki
