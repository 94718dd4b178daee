#include "net/address.h"

#include <algorithm>
#include <arpa/inet.h>
#include <charconv>

#include "base/check.h"

namespace seki {
namespace {

constexpr std::array<uint8_t, 12> mapped_prefix{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF};

std::optional<uint16_t> parse_port(std::string_view text) {
    uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return port;
}

// inet_pton(3) wants a terminated string and, of the numeric forms, accepts only the plain one (no "127.1", no octal).
bool parse_ip(int family, std::string_view text, void* out) {
    std::array<char, SocketAddress::max_ip_text_size + 1> terminated{};
    if (text.size() >= terminated.size() || text.contains('\0')) return false;
    std::copy(text.begin(), text.end(), terminated.begin());
    return inet_pton(family, terminated.data(), out) == 1;
}

char* write_decimal(char* out, unsigned value) { return std::to_chars(out, out + 5, value).ptr; }

}  // namespace

SocketAddress SocketAddress::v4(uint32_t ip, uint16_t port) noexcept {
    SocketAddress address;
    const uint32_t network_order = htonl(ip);
    std::memcpy(address.ip_.data(), &network_order, sizeof network_order);
    address.port_ = port;
    return address;
}

SocketAddress SocketAddress::v6(const std::array<uint8_t, 16>& ip, uint16_t port) noexcept {
    SocketAddress address;
    address.port_ = port;
    if (std::equal(mapped_prefix.begin(), mapped_prefix.end(), ip.begin())) {
        std::copy(ip.begin() + mapped_prefix.size(), ip.end(), address.ip_.begin());
        return address;
    }
    address.ip_ = ip;
    address.v4_ = false;
    return address;
}

Result<SocketAddress> SocketAddress::parse(std::string_view text) {
    const size_t colon = text.rfind(':');
    if (colon == text.npos) return failure("'{}' is no address: a port is missing (ip:port or [ip]:port)", text);
    std::string_view host = text.substr(0, colon);
    const std::optional<uint16_t> port = parse_port(text.substr(colon + 1));
    if (!port) return failure("'{}' is no address: the port must be a number from 0 to 65535", text);

    if (host.starts_with('[') && host.ends_with(']')) {
        host = host.substr(1, host.size() - 2);
        std::array<uint8_t, 16> ip{};
        if (!parse_ip(AF_INET6, host, ip.data())) return failure("'{}' is no address: '{}' is not IPv6", text, host);
        return v6(ip, *port);
    }
    in_addr ip{};
    if (host.contains(':')) return failure("'{}' is no address: write IPv6 in brackets, [ip]:port", text);
    if (!parse_ip(AF_INET, host, &ip)) {
        return failure("'{}' is no address: '{}' is not an IP address, and names are not resolved", text, host);
    }
    return v4(ntohl(ip.s_addr), *port);
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
    if (v4_) {
        sockaddr_in in{};
        in.sin_family = AF_INET;
        in.sin_port = htons(port_);
        std::memcpy(&in.sin_addr, ip_.data(), sizeof in.sin_addr);
        std::memcpy(&to, &in, sizeof in);
        return sizeof in;
    }
    sockaddr_in6 in{};
    in.sin6_family = AF_INET6;
    in.sin6_port = htons(port_);
    std::memcpy(&in.sin6_addr, ip_.data(), sizeof in.sin6_addr);
    std::memcpy(&to, &in, sizeof in);
    return sizeof in;
}

bool SocketAddress::is_loopback() const noexcept {
    constexpr std::array<uint8_t, 16> v6{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
    return v4_ ? ip_[0] == 127 : ip_ == v6;
}

SocketAddress SocketAddress::with_port(uint16_t port) const noexcept {
    SocketAddress address = *this;
    address.port_ = port;
    return address;
}

size_t SocketAddress::write_ip(char* out) const noexcept {
    if (v4_) {  // the common case; inet_ntop goes through snprintf
        char* end = out;
        for (size_t i = 0; i < 4; ++i) {
            if (i > 0) *end++ = '.';
            end = write_decimal(end, ip_[i]);
        }
        return static_cast<size_t>(end - out);
    }
    std::array<char, INET6_ADDRSTRLEN> terminated{};
    SEKI_CHECK(inet_ntop(AF_INET6, ip_.data(), terminated.data(), terminated.size()) != nullptr);
    const size_t size = std::strlen(terminated.data());
    std::memcpy(out, terminated.data(), size);
    return size;
}

size_t SocketAddress::write(char* out) const noexcept {
    char* end = out;
    if (!v4_) *end++ = '[';
    end += write_ip(end);
    if (!v4_) *end++ = ']';
    *end++ = ':';
    end = write_decimal(end, port_);
    return static_cast<size_t>(end - out);
}

std::string SocketAddress::text() const {
    std::array<char, max_text_size> buffer;
    return {buffer.data(), write(buffer.data())};
}

std::string SocketAddress::ip_text() const {
    std::array<char, max_ip_text_size> buffer;
    return {buffer.data(), write_ip(buffer.data())};
}

std::strong_ordering SocketAddress::operator<=>(const SocketAddress& other) const noexcept {
    if (v4_ != other.v4_) return v4_ ? std::strong_ordering::less : std::strong_ordering::greater;
    if (const auto order = ip_ <=> other.ip_; order != 0) return order;
    return port_ <=> other.port_;
}

// Clients choose their addresses only within what they own, and tables keyed by address are bounded: mixing well is
// enough.
size_t SocketAddress::hash() const noexcept {
    std::array<uint64_t, 2> words{};
    std::memcpy(words.data(), ip_.data(), ip_.size());
    uint64_t mixed = words[0] * 0x9E3779B97F4A7C15U + words[1];
    mixed = (mixed ^ (mixed >> 32U)) * 0xD6E8FEB86659FD93U + port_ + (v4_ ? 0x10000U : 0U);
    mixed = (mixed ^ (mixed >> 32U)) * 0xD6E8FEB86659FD93U;
    return mixed ^ (mixed >> 32U);
}

}  // namespace seki
